import { Worker as Thread } from 'node:worker_threads';
import type { Clock, Logger, Storage } from '@dagger/core';
import { tables } from '../store/reads.ts';

/** Milliseconds that a worker is trusted without a sign of life, and between two of them. */
export const LEASE = 7_000;
const BEAT = 2_000;

/**
 * What runs in the thread first. Opening the storage once more costs more than most things that a short-lived process does, and
 * the lease runs for some time: so it begins when it must, whatever the other thread does then.
 */
const BOOT = `const { workerData } = require('node:worker_threads');
setTimeout(() => import(workerData.entry), workerData.delay);`;
/** Milliseconds before the thread opens the storage. */
const DELAY = 1_000;

/** What the thread is told when it starts. */
export interface HeartbeatOrder {
  readonly url: string;
  readonly worker: string;
  readonly lease: number;
  readonly beat: number;
}

/** Beside this file, in the sources and in the package alike. */
const isSource = import.meta.url.endsWith('.ts');
const entry = new URL(
  isSource ? './heartbeat-thread.ts' : './worker/heartbeat-thread.js',
  import.meta.url,
);

/** Renews the lease of a worker; false when it is not there any more. */
export const renew = async (storage: Storage, worker: string, until: number): Promise<boolean> => {
  const renewed = await tables(storage)
    .updateTable('dagger_workers')
    .set({ lease_until: until })
    .where('id', '=', worker)
    .executeTakeFirst();
  return renewed.numUpdatedRows > 0n;
};

export interface HeartbeatOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly worker: string;
  /** Whether a thread of its own may renew the lease. */
  readonly thread: boolean;
  /** Others have declared the worker dead. */
  readonly lost: () => void;
}

/**
 * Keeps the lease of a worker alive. A thread with a connection of its own does it where the storage can be opened again, so
 * that an agent that holds up the event loop does not make its worker look dead; otherwise the worker's own loop does.
 */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  #thread: Thread | undefined;
  #isThreadAlive = false;
  #renewedAt = 0;
  #trustedUntil: number;

  /** @param until the end of the lease with which the worker was registered */
  constructor(options: HeartbeatOptions, until: number) {
    this.#options = options;
    this.#trustedUntil = until;
  }

  /** Whether nobody can have taken over the tasks of this worker, as far as is known here. */
  get isTrusted(): boolean {
    return this.#options.clock.now() < this.#trustedUntil;
  }

  /** Starts the thread, if there is to be one; calling it again does nothing. */
  startThread(): void {
    const { storage, worker, thread, logger, lost } = this.#options;
    if (!thread || storage.url === undefined || this.#thread !== undefined) return;
    const order: HeartbeatOrder = { url: storage.url, worker, lease: LEASE, beat: BEAT };
    this.#thread = new Thread(BOOT, {
      eval: true,
      workerData: { ...order, entry: entry.href, delay: DELAY },
      // The sources find each other by their condition.
      ...(isSource ? { execArgv: ['-C', '@dagger/source', '--no-warnings'] } : {}),
    });
    this.#thread.unref();
    this.#thread.on('message', (message: unknown) => {
      this.#isThreadAlive = true;
      if (typeof message === 'number') this.#trustedUntil = message;
      else lost();
    });
    // The loop goes on where the thread cannot.
    this.#thread.on('error', (error: unknown) => {
      this.#isThreadAlive = false;
      logger('warn', 'the heartbeat has no thread of its own', {
        error: error instanceof Error ? error.message : String(error),
      });
    });
    this.#thread.on('exit', () => (this.#isThreadAlive = false));
  }

  /** Called often by the worker's loop. @throws what the database throws */
  async tick(): Promise<void> {
    const now = this.#options.clock.now();
    if (this.#isThreadAlive || now - this.#renewedAt < BEAT) return;
    this.#renewedAt = now;
    await this.renew();
  }

  /** Renews the lease now. @throws what the database throws */
  async renew(): Promise<void> {
    const { storage, clock, worker, lost } = this.#options;
    const until = clock.now() + LEASE;
    if (await renew(storage, worker, until)) this.#trustedUntil = until;
    else lost();
  }

  async stop(): Promise<void> {
    const thread = this.#thread;
    this.#thread = undefined;
    thread?.removeAllListeners();
    await thread?.terminate();
  }
}
