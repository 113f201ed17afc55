import type { Storage } from '@dagger/core';

/** Called around every write of a run to its journal; `work` does it. */
export type Around = <T>(work: () => Promise<T>) => Promise<T>;

/** The storage with a test between a run and its writes. */
export const interposed = (storage: Storage, around: Around): Storage => ({
  ...storage,
  transaction: (work) => around(() => storage.transaction(work)),
  db: new Proxy(storage.db, {
    get(db, key) {
      const value: unknown = Reflect.get(db, key, db);
      if (typeof value !== 'function') return value;
      const method = value.bind(db) as (...args: unknown[]) => Promise<unknown>;
      if (key !== 'executeQuery') return method;
      return (...args: unknown[]) => around(() => method(...args));
    },
  }),
});

/** Lets everything that is ready to go on do so. */
export const settle = async (turns = 20): Promise<void> => {
  for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve));
};
