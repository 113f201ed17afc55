import type { Logger } from '../actions/logger.ts';
import type { Clock } from '../clock.ts';
import { prune } from '../storage/prune.ts';
import { checkRetention, type Pruned, type RetentionPolicy } from '../storage/retention.ts';
import type { Storage } from '../storage/storage.ts';

/** Milliseconds from one time to the next. */
const INTERVAL = 3_600_000;

/** Carries out the retention policy of an executor beside its runs. A failure is logged, and tried again next time. */
export class Caretaker {
  readonly #storage: Storage;
  readonly #clock: Clock;
  readonly #policy: RetentionPolicy;
  readonly #log: Logger;
  readonly #closing: AbortController = new AbortController();
  #last = -Infinity;
  #work: Promise<void> = Promise.resolve();

  /** @throws DaggerError CONFIG_INVALID */
  constructor(storage: Storage, clock: Clock, policy: RetentionPolicy, log: Logger) {
    checkRetention(policy);
    this.#storage = storage;
    this.#clock = clock;
    this.#policy = policy;
    this.#log = log;
  }

  /** Begins, unless less than an hour has passed since it last did. */
  ask(): void {
    const now = this.#clock.now();
    if (this.#closing.signal.aborted || now - this.#last < INTERVAL) return;
    this.#last = now;
    this.#work = this.#work.then(() => this.#prune());
  }

  /** Stops at the next opportunity, and waits for it. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#work;
  }

  async #prune(): Promise<void> {
    try {
      const { signal } = this.#closing;
      const pruned: Pruned = await prune(this.#storage, this.#clock, this.#policy, signal);
      if (Object.values(pruned).some((count) => count > 0))
        this.#log('info', 'deleted what the retention policy gives up', { ...pruned });
    } catch (error) {
      this.#log('warn', 'the retention policy could not be carried out', {
        error: error instanceof Error ? error.message : String(error),
      });
    }
  }
}
