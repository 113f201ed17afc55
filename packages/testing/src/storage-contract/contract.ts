import { describe } from 'vitest';
import { closing } from './closing.ts';
import type { StorageContract, StorageFeatures } from './features.ts';
import { memos } from './memos.ts';
import { migrations } from './migrations.ts';
import { noNotifications, notifications } from './notifications.ts';
import { ownership } from './ownership.ts';
import { concurrency, location, noConcurrency, noPersistence, persistence } from './persistence.ts';
import { runs } from './runs.ts';
import { statements } from './statements.ts';
import { transactions } from './transactions.ts';
import { values } from './values.ts';

type Cases = (contract: StorageContract) => void;

/** Two sets of cases for a feature: what is expected with it, and what without. */
const either =
  (feature: keyof StorageFeatures, present: Cases, absent: Cases): Cases =>
  (contract) =>
    (contract.features[feature] === true ? present : absent)(contract);

const TOPICS: { readonly [topic: string]: Cases } = {
  migrations,
  transactions,
  statements,
  values,
  closing,
  notifications: either('notify', notifications, noNotifications),
  'data that was written': either('persistent', persistence, noPersistence),
  'several connections': either('concurrentConnections', concurrency, noConcurrency),
  'the location': location,
  runs,
  'results for later runs': memos,
  'ownership of runs': ownership,
};

/**
 * The contract of `Storage` as tests, for whoever writes an adapter; to be called in a test file of vitest. What a
 * storage cannot do is declared in `features` with the reason, and then the tests expect that.
 *
 *     storageContract({
 *       name: 'my storage',
 *       features: { persistent: true, concurrentConnections: true, notify: { cannot: 'the server tells nobody' } },
 *       open: () => ({ storage: mine(url), reopen: () => mine(url), beside: () => mine(url) }),
 *     });
 */
export const storageContract = (contract: StorageContract): void => {
  describe(`the storage contract on ${contract.name}`, () => {
    describe.each(Object.entries(TOPICS))('%s', (_topic, cases) => {
      cases(contract);
    });
  });
};
