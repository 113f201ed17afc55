import type { Storage } from '@dagger/core';
import { bridge, isWrite } from './storage-bridge.ts';

/**
 * Called around every commit: a transaction, or a statement outside of one that writes. `work` does it; not calling it
 * leaves the write undone, and what is thrown is what the caller sees.
 */
export type Around = <T>(work: () => Promise<T>) => Promise<T>;

/**
 * The storage with a test between its users and every commit. Migrations and reads pass by, and so does a transaction that
 * is begun on `db` and not by `transaction`.
 */
export const interposed = (storage: Storage, around: Around): Storage => ({
  ...storage,
  db: bridge(storage.db, (query, work) => (isWrite(query) ? around(work) : work())),
  transaction: (work) => around(() => storage.transaction(work)),
});
