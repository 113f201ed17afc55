import { systemClock, type Clock } from '@dagger/core';
import { Ring } from '../channel/ring.ts';
import type { Message } from '../message/message.ts';
import { orAborted } from './abort.ts';
import { checkOptions, optional, rules } from './check.ts';
import type { Middleware } from './middleware.ts';

export interface DedupeOptions {
  /** What makes two messages the same. Default: the id of the message. */
  readonly key?: ((message: Message) => string) | undefined;
  /** Successes that each agent remembers; the oldest are forgotten first. Default 10,000. */
  readonly size?: number | undefined;
  /** How long a key is remembered. Default: until others take its place. */
  readonly windowSeconds?: number | undefined;
  readonly clock?: Clock | undefined;
}

/**
 * Acknowledges a message without calling what is inside when one of the same key was handled with success within the window, by
 * the same agent in this process. One that failed, or whose attempt was aborted before its handler ended, is not remembered.
 * Of two at the same time the second waits for the first, and is handled when that fails.
 *
 * Success is that what is inside returned, so a middleware that may fail an attempt afterwards belongs inside of this one.
 * @throws DaggerError CONFIG_INVALID naming the option, its value and its bound
 */
export const dedupe = (options: DedupeOptions = {}): Middleware => {
  checkOptions('dedupe', options, {
    key: optional(rules.callable),
    size: optional(rules.count),
    windowSeconds: optional(rules.seconds),
    clock: optional(rules.clock),
  });
  const { key: keyOf = ({ id }: Message) => id } = options;
  return (next) => {
    const handled = new Recent(options);
    /** What is being handled now; the promises never reject. */
    const running = new Map<string, Promise<unknown>>();
    return async (message, ctx) => {
      const key = keyOf(message);
      const { signal } = ctx;
      for (let first = running.get(key); first !== undefined; first = running.get(key))
        await orAborted(first, signal);
      if (handled.has(key)) return;
      signal.throwIfAborted();
      // An aborted attempt is over for everybody else: its handler may hang, and its late success publishes nothing.
      const attempt = orAborted((async () => next(message, ctx))(), signal);
      const over = attempt.then(
        () => handled.add(key),
        () => {},
      );
      running.set(key, over);
      await over;
      running.delete(key);
      await attempt;
    };
  };
};

interface Success {
  readonly key: string;
  readonly time: number;
}

/** The last successes. */
class Recent {
  readonly #clock: Clock;
  readonly #size: number;
  readonly #window: number;
  readonly #byKey: Map<string, Success> = new Map();
  /** Beside the map, whose first key is dear to find where many before it were deleted. */
  readonly #inOrder: Ring<Success> = new Ring();

  constructor({ size = 10_000, windowSeconds = Infinity, clock = systemClock }: DedupeOptions) {
    this.#clock = clock;
    this.#size = size;
    this.#window = windowSeconds * 1000;
  }

  has(key: string): boolean {
    const success = this.#byKey.get(key);
    return success !== undefined && this.#clock.now() - success.time < this.#window;
  }

  add(key: string): void {
    const success = { key, time: this.#clock.now() };
    this.#byKey.set(key, success);
    this.#inOrder.push(success);
    if (this.#inOrder.length <= this.#size) return;
    const oldest = this.#inOrder.shift();
    // A key that was handled again since has a success that is newer.
    if (oldest !== undefined && this.#byKey.get(oldest.key) === oldest)
      this.#byKey.delete(oldest.key);
  }
}
