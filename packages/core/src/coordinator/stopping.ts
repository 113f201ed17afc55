import { DaggerError, toErrorData } from '../errors.ts';
import type { RunEvent } from '../run/events.ts';
import { Status } from '../run/status.ts';
import { NodeAttempt } from './attempt.ts';
import type { Outcomes } from './outcomes.ts';
import type { Patience } from './patience.ts';
import type { Session } from './session.ts';

/** How a run is brought to its end from outside: by somebody, by a signal, by the time. */
export class Stopping {
  readonly #session: Session;
  readonly #outcomes: Outcomes;
  readonly #patience: Patience;
  readonly #ids: { readonly ids: { readonly runId: string } };
  #begun = false;
  #detachSignal: (() => void) | undefined;

  constructor(session: Session, outcomes: Outcomes, patience: Patience) {
    this.#session = session;
    this.#outcomes = outcomes;
    this.#patience = patience;
    this.#ids = { ids: { runId: session.runId } };
  }

  /** Being stopped, in contrast to a halt that lets running nodes end in peace. */
  get begun(): boolean {
    return this.#begun;
  }

  /** Ends the run: nothing new starts, running actions get their signal, and after the grace time they are given up. */
  stop(why: 'cancelled' | 'timed_out' | 'failed', error: DaggerError): void {
    this.#session.turns.post(() => {
      const event = {
        type: 'RunStopping',
        at: this.#session.turns.now,
        why,
        error: toErrorData(error),
      };
      this.begin(event as RunEvent & { readonly type: 'RunStopping' }, error);
    });
  }

  /** The stop begins with its event. */
  begin(event: RunEvent & { readonly type: 'RunStopping' }, reason: DaggerError): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#session.emit(event);
    this.#session.timers.at(event.at + this.#session.config.gracePeriod * 1000, () =>
      this.abandon(),
    );
    this.#session.turns.afterwards(() => this.#session.attempts.abortAll(reason));
  }

  /** Ends the grace time of a stop now: actions that still run are given up. */
  abandon(): void {
    this.#session.turns.post(() => {
      if (!this.#begun) return;
      for (let n = 0; n < this.#session.state.nodeCount; n++) {
        if (this.#session.state.status[n] !== Status.RUNNING) continue;
        this.#session.attempts.giveUp(n);
        this.#outcomes.cancel(n, '; did not end within the grace time');
      }
      for (const attempt of this.#session.attempts.handlers.values()) {
        this.#outcomes.handlerFailed(
          attempt,
          toErrorData(new DaggerError('CANCELLED', 'the run ended before the handler')),
        );
      }
    });
  }

  /** Stops the run at `due`, or later by the time that it did nothing but wait for people. */
  timeOut(due: number): void {
    this.#session.timers.at(due, () =>
      this.#session.turns.post(() => {
        const spared = this.#patience.spare();
        if (spared > 0) return this.timeOut(this.#session.turns.now + spared);
        const { timeoutSeconds } = this.#session.config;
        const message = `the run took longer than ${timeoutSeconds} s`;
        this.stop('timed_out', new DaggerError('RUN_TIMEOUT', message, this.#ids));
      }),
    );
  }

  /** Stops the run when a signal says so. */
  attach(signal: AbortSignal): void {
    const abort = (): void => {
      const reason: unknown = signal.reason;
      const why =
        reason instanceof Error && reason.name !== 'AbortError'
          ? `cancelled: ${reason.message}`
          : 'cancelled';
      this.stop('cancelled', new DaggerError('CANCELLED', why, { ...this.#ids, cause: reason }));
    };
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    this.#detachSignal = () => signal.removeEventListener('abort', abort);
  }

  /** Tells the actions of nodes that the latest event cancelled. */
  abortCancelled(reason: string | null): void {
    for (const n of this.#session.state.consequences) {
      const attempt = this.#session.attempts.giveUp(n);
      if (attempt === undefined) continue;
      this.#session.turns.afterwards(() =>
        NodeAttempt.abort(
          attempt,
          new DaggerError('CANCELLED', reason ?? 'the branch was cancelled'),
        ),
      );
    }
  }

  /** Forgets the signal. */
  end(): void {
    this.#detachSignal?.();
  }
}
