import { systemClock, type CancelTimer, type Clock } from '@dagger/core';
import { checkOptions, optional, rules } from './check.ts';
import type { Middleware } from './middleware.ts';

export interface ThrottleOptions {
  /** So many may begin at once after a pause, and so many within each `perSeconds`. */
  readonly messages: number;
  readonly perSeconds: number;
  readonly clock?: Clock | undefined;
}

/**
 * A token bucket for each agent. A handler waits for its turn, first come, first served, and gives up with the reason of its
 * signal when that is aborted; a turn that nobody took is not lost. The time of waiting counts for the timeouts around this one,
 * and each that waits takes one of the agent's places for messages handled at the same time.
 * @throws DaggerError CONFIG_INVALID naming the option, its value and its bound
 */
export const throttle = (options: ThrottleOptions): Middleware => {
  checkOptions('throttle', options, {
    messages: rules.count,
    perSeconds: rules.seconds,
    clock: optional(rules.clock),
  });
  return (next) => {
    const turns = new Turns(options);
    return async (message, ctx) => {
      await turns.take(ctx.signal);
      return next(message, ctx);
    };
  };
};

class Turns {
  readonly #clock: Clock;
  readonly #interval: number;
  readonly #burst: number;
  /**
   * When the bucket is full again. This one number is the whole bucket, and adding to it rounds nothing away as counting parts of
   * tokens would.
   */
  #fullAt = -Infinity;
  /** In the order of arrival; whoever gives up leaves from the middle. */
  readonly #line: Set<() => void> = new Set();
  #alarm: CancelTimer | undefined;

  constructor({ messages, perSeconds, clock = systemClock }: ThrottleOptions) {
    this.#clock = clock;
    this.#interval = (perSeconds * 1000) / messages;
    // What may be missing from the bucket while a token is still in it.
    this.#burst = (messages - 1) * this.#interval;
  }

  /** Undefined when it is one's turn already. */
  take(signal: AbortSignal): Promise<void> | undefined {
    signal.throwIfAborted();
    if (this.#line.size === 0 && this.#wait() <= 0) {
      this.#spend();
      return undefined;
    }
    return new Promise((resolve, reject) => {
      const begin = (): void => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const leave = (): void => {
        this.#line.delete(begin);
        if (this.#line.size === 0) this.#disarm();
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', leave, { once: true });
      this.#line.add(begin);
      this.#arm();
    });
  }

  /** Milliseconds until there is a token. */
  #wait(): number {
    const now = this.#clock.now();
    // A clock that was set back must not keep everybody waiting: the bucket is never emptier than empty.
    this.#fullAt = Math.min(this.#fullAt, now + this.#burst + this.#interval);
    return this.#fullAt - this.#burst - now;
  }

  #spend(): void {
    this.#fullAt = Math.max(this.#fullAt, this.#clock.now()) + this.#interval;
  }

  #serve(): void {
    this.#alarm = undefined;
    for (const begin of this.#line) {
      if (this.#wait() > 0) break;
      this.#line.delete(begin);
      this.#spend();
      begin();
    }
    this.#arm();
  }

  #arm(): void {
    if (this.#line.size === 0) return;
    this.#alarm ??= this.#clock.after(Math.max(0, Math.ceil(this.#wait())), () => this.#serve());
  }

  #disarm(): void {
    this.#alarm?.();
    this.#alarm = undefined;
  }
}
