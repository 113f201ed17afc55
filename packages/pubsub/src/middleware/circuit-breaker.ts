import { DaggerError, systemClock, type Clock } from '@dagger/core';
import { orAborted } from './abort.ts';
import { checkOptions, optional, rules } from './check.ts';
import type { Middleware } from './middleware.ts';

export interface CircuitBreakerOptions {
  /** So many in a row open the circuit. */
  readonly failures: number;
  /** How long it stays open. */
  readonly resetSeconds: number;
  readonly clock?: Clock | undefined;
}

/**
 * One circuit for each agent:
 *
 * | state | an attempt | goes to |
 * |---|---|---|
 * | closed | is made | open, after `failures` failures in a row |
 * | open | fails at once with CIRCUIT_OPEN (recoverable) | half open, `resetSeconds` later |
 * | half open | is made if it is the first, else fails like that | closed when it ends well, open when it fails |
 *
 * An attempt that ran out of time has failed, although its handler may hang for ever; one that was aborted for another reason
 * says nothing of what the handler calls, and counts as neither. Attempts that began before the circuit last changed change
 * nothing any more.
 * @throws DaggerError CONFIG_INVALID naming the option, its value and its bound
 */
export const circuitBreaker = (options: CircuitBreakerOptions): Middleware => {
  checkOptions('circuitBreaker', options, {
    failures: rules.count,
    resetSeconds: rules.seconds,
    clock: optional(rules.clock),
  });
  return (next, agent) => {
    const circuit = new Circuit(options, agent.name);
    return async (message, ctx) => {
      const end = circuit.enter();
      try {
        const result = await orAborted((async () => next(message, ctx))(), ctx.signal);
        end('succeeded');
        return result;
      } catch (error) {
        end(ctx.signal.aborted && !isTimeout(ctx.signal.reason) ? 'aborted' : 'failed', error);
        throw error;
      }
    };
  };
};

type Outcome = 'succeeded' | 'failed' | 'aborted';
type State = 'closed' | 'open' | 'halfOpen';

/** Those of dagger, whatever part it is that ran out of time, and that of `AbortSignal.timeout`. */
const isTimeout = (reason: unknown): boolean =>
  reason instanceof DaggerError
    ? reason.code.endsWith('_TIMEOUT')
    : reason instanceof Error && reason.name === 'TimeoutError';

class Circuit {
  readonly #clock: Clock;
  readonly #agent: string;
  readonly #most: number;
  readonly #resetMs: number;
  #state: State = 'closed';
  /** How often the state changed: an attempt that began under another number is of the past. */
  #changes = 0;
  #failures = 0;
  #openedAt = 0;
  #cause: unknown;

  constructor(
    { failures, resetSeconds, clock = systemClock }: CircuitBreakerOptions,
    agent: string,
  ) {
    this.#clock = clock;
    this.#agent = agent;
    this.#most = failures;
    this.#resetMs = resetSeconds * 1000;
  }

  /**
   * Lets an attempt through; what it gives is to be called once with how that ended.
   * @throws DaggerError CIRCUIT_OPEN
   */
  enter(): (outcome: Outcome, error?: unknown) => void {
    if (this.#state !== 'closed') {
      if (this.#state === 'halfOpen' || this.#leftMs() > 0) throw this.#refusal();
      this.#become('halfOpen');
    }
    const began = this.#changes;
    return (outcome, error) => {
      if (began === this.#changes) this.#end(outcome, error);
    };
  }

  #end(outcome: Outcome, error: unknown): void {
    if (outcome === 'succeeded') {
      this.#failures = 0;
      if (this.#state === 'halfOpen') this.#become('closed');
    } else if (outcome === 'failed') {
      this.#failures++;
      if (this.#failures < this.#most && this.#state === 'closed') return;
      this.#cause = error;
      this.#openedAt = this.#clock.now();
      this.#become('open');
    } else if (this.#state === 'halfOpen') {
      // The time is over still, so the next attempt is the one that is made.
      this.#become('open');
    }
  }

  #become(state: State): void {
    this.#state = state;
    this.#changes++;
  }

  #leftMs(): number {
    const now = this.#clock.now();
    // A clock that was set back must not keep it open for longer.
    this.#openedAt = Math.min(this.#openedAt, now);
    return this.#openedAt + this.#resetMs - now;
  }

  #refusal(): DaggerError {
    const when =
      this.#state === 'halfOpen'
        ? 'one attempt is being made to see whether it ends well'
        : `the next is made in ${this.#leftMs() / 1000} s`;
    return new DaggerError(
      'CIRCUIT_OPEN',
      `agent '${this.#agent}': ${this.#failures} attempts failed in a row; ${when}`,
      { ids: { agent: this.#agent }, cause: this.#cause, recoverable: true },
    );
  }
}
