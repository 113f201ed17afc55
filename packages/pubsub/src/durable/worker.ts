import type { Clock, Logger, Storage } from '@dagger/core';
import { newOwner } from '@dagger/core/kernel';
import { registerWorker, removeWorker } from './lease.ts';
import { noteMember } from './membership.ts';
import { patiently } from './patience.ts';

export interface WorkerOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Done once, when it has a number for the first time; until then it is no worker. */
  readonly start: () => Promise<void>;
  /** The groups that have members here, by their numbers. */
  readonly groups: () => readonly number[];
  /** It goes on under another number. */
  readonly renewed: () => void;
}

/** What the claims of this transport are known by: it is a worker from its first subscription on. */
export class Worker {
  readonly #options: WorkerOptions;
  #id: number | undefined;
  #registering: Promise<void> | undefined;
  #isStarted = false;
  #isClosing = false;

  constructor(options: WorkerOptions) {
    this.#options = options;
  }

  /** Undefined while it has none. */
  get id(): number | undefined {
    return this.#id;
  }

  /** @throws DaggerError STORAGE_FAILED */
  async register(): Promise<void> {
    if (this.#isStarted && this.#id !== undefined) return;
    await (this.#registering ??= this.#start().finally(() => (this.#registering = undefined)));
  }

  async #start(): Promise<void> {
    const { storage, clock, start } = this.#options;
    this.#id ??= await patiently(storage, clock, () => this.#newId());
    if (!this.#isStarted) await start();
    this.#isStarted = true;
  }

  #newId(): Promise<number> {
    const { storage, clock, groups } = this.#options;
    const owner = newOwner();
    return storage.transaction(async (trx) => {
      const id = await registerWorker(trx, owner, clock.now());
      await noteMember(trx, storage, { worker: id, groups: groups() });
      return id;
    });
  }

  /** Its claims belong to others now; it goes on as a new worker. */
  lost(): void {
    if (this.#id === undefined || this.#isClosing) return;
    const { storage, clock, logger, renewed } = this.#options;
    logger('warn', 'the transport looked dead to others, which have what it had', {
      worker: this.#id,
    });
    this.#id = undefined;
    const again = async (): Promise<void> => {
      this.#id = await this.#newId();
      renewed();
    };
    this.#registering ??= patiently(storage, clock, again)
      .catch((error: unknown) => {
        logger('error', 'the transport receives nothing any more', {
          error: error instanceof Error ? error.message : String(error),
        });
      })
      .finally(() => (this.#registering = undefined));
  }

  /** No other number from here on; resolves when it is known whether there is one. */
  async stop(): Promise<void> {
    this.#isClosing = true;
    await this.#registering?.catch(() => {});
  }

  /** What it has is ready again. */
  async leave(): Promise<void> {
    if (this.#id !== undefined) await removeWorker(this.#options.storage, this.#id, undefined);
  }
}
