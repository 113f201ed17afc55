import type { Storage } from '@dagger/core';
import type { JobCrashScenario } from '../../src/tasks/index.ts';
import { open, start } from './job-chain.ts';

/** Does the first transaction, the start of the job. The others it tries, takes back, says that they are done, and then does. */
const hasty = (storage: Storage): Storage => {
  let last: Promise<unknown> | undefined;
  return {
    ...storage,
    transaction: async (work) => {
      if (last === undefined) {
        const first = storage.transaction(work);
        last = first;
        return first;
      }
      await last;
      const tried: { value?: unknown } = {};
      const takeBack = new Error('only tried');
      await storage
        .transaction(async (trx) => {
          tried.value = await work(trx);
          throw takeBack;
        })
        .catch((error: unknown) => {
          if (error !== takeBack) throw error;
        });
      last = new Promise(setImmediate).then(() => storage.transaction(work));
      return tried.value as Awaited<ReturnType<typeof work>>;
    },
  };
};

/** The chain on a storage that says yes to a transaction before it has written it. */
export const scenario: JobCrashScenario = {
  name: 'job too early',
  open: (world) => {
    const storage = hasty(world.options.storage as Storage);
    return open({ ...world, options: { ...world.options, storage } });
  },
  start,
};
