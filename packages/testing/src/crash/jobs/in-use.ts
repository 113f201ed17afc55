import type { Storage } from '@dagger/core';
import { bridge } from '../../storage-bridge.ts';

/** A storage that tells whether somebody is using it. */
export interface StorageInUse {
  readonly storage: Storage;
  /** Resolves when nothing is under way and nothing comes by itself. */
  rest(): Promise<void>;
}

/** Turns of Node's event loop in which nothing comes: then nothing does but by time. */
const TURNS = 8;

export const storageInUse = (inner: Storage): StorageInUse => {
  let underWay = 0;
  let begun = 0;
  const during = async <T>(work: () => Promise<T>): Promise<T> => {
    underWay++;
    begun++;
    try {
      return await work();
    } finally {
      underWay--;
    }
  };
  return {
    storage: {
      ...inner,
      db: bridge(inner.db, (_, work) => during(work)),
      transaction: (work) => during(() => inner.transaction(work)),
    },
    async rest() {
      for (let quiet = 0, seen = begun; quiet < TURNS;) {
        await new Promise((resolve) => setImmediate(resolve));
        quiet = underWay > 0 || begun !== seen ? 0 : quiet + 1;
        seen = begun;
      }
    },
  };
};
