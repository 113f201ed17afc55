import { interposed, type CrashScenario } from '../../src/index.ts';
import { open } from './chain.ts';

const written: unknown = { numAffectedRows: 1n, rows: [] };

/** The chain on a storage that says yes to a group of events before it has written it. */
export const scenario: CrashScenario = {
  name: 'too early',
  open: ({ storage, track }) => {
    let last: Promise<unknown> = Promise.resolve();
    const hasty = interposed(storage, <T>(work: () => Promise<T>) => {
      last = last.then(() => new Promise(setImmediate)).then(work);
      return Promise.resolve(written as T);
    });
    // Transactions are done properly.
    const transaction: typeof storage.transaction = async (work) => {
      await last;
      return storage.transaction(work);
    };
    return open({ storage: { ...hasty, transaction }, track });
  },
  runs: [{ dag: 'chain', runId: 'r' }],
};
