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
 * the same agent in this process. Success is that the attempt came to its good end: what is inside returned, the message is
 * acknowledged, and what was published with it is out. Whatever fails, is broken off or has its outputs refused is not remembered.
 * Of two at the same time the second waits for the end of the first, and is handled when that is not a good one.
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
    const running = new Map<string, Handling>();
    return async (message, ctx) => {
      const key = keyOf(message);
      const { signal } = ctx;
      for (let first = running.get(key); first !== undefined; first = running.get(key)) {
        // Whoever is outside may call twice in one attempt, which cannot wait for its own end.
        const isOwn = first.message === message && first.attempt === ctx.attempt;
        if (!isOwn) await ctx.waitFor(orAborted(first.over, signal));
        else if (await orAborted(first.returned, signal)) return;
      }
      if (handled.has(key)) return;
      signal.throwIfAborted();
      // A broken attempt is over for everybody else: its handler may hang, and its late success publishes nothing.
      const result = orAborted((async () => next(message, ctx))(), signal);
      let end!: () => void;
      const over = new Promise<void>((resolve) => (end = resolve));
      const returned = result.then(
        () => true,
        () => {
          running.delete(key);
          end();
          return false;
        },
      );
      running.set(key, { message, attempt: ctx.attempt, returned, over });
      if (await returned)
        ctx.whenDone((done) => {
          if (done) handled.add(key);
          running.delete(key);
          end();
        });
      await result;
    };
  };
};

/** What is being handled now. Its promises never reject. */
interface Handling {
  readonly message: Message;
  readonly attempt: number;
  /** Whether what is inside returned. */
  readonly returned: Promise<boolean>;
  /** Resolves when the attempt has come to its end. */
  readonly over: Promise<void>;
}

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
