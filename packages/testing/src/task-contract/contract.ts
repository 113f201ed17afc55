import { afterAll, describe } from 'vitest';
import { dependencies } from './dependencies.ts';
import { retries } from './retries.ts';
import { crashes } from './crashes.ts';
import { priorities } from './priorities.ts';
import { delays } from './delays.ts';
import { holding } from './holding.ts';
import { cancelling } from './cancelling.ts';
import { reviews } from './reviews.ts';
import { stalls } from './stalls.ts';
import { reasons } from './reasons.ts';
import { dynamic } from './dynamic.ts';
import type { StorageFeatures } from '../storage-contract/index.ts';
import type { TaskContract } from './features.ts';
import { fencing } from './fencing.ts';
import { jobs } from './jobs.ts';
import { lifecycle } from './lifecycle.ts';
import { noSeveralStorages, severalStorages } from './pairs.ts';
import { sharedState } from './shared-state.ts';
import { reads } from './reads.ts';
import { transactions } from './transactions.ts';
import { schemas } from './schemas.ts';
import { badInput } from './bad-input.ts';
import { workers } from './workers.ts';
import { retention } from './retention.ts';
import { noPersistence, persistence } from './persistence.ts';
import { noNotifications, notifications } from './notifications.ts';
import { Suite } from './world.ts';

type Cases = (suite: Suite) => void;

/** Two sets of cases for a feature: what is expected with it, and what without. */
const either =
  (feature: keyof StorageFeatures, present: Cases, absent: Cases): Cases =>
  (suite) =>
    (suite.contract.features[feature] === true ? present : absent)(suite);

const TOPICS: { readonly [topic: string]: Cases } = {
  'the life of a task': lifecycle,
  jobs,
  dependencies,
  'dependencies at run time': dynamic,
  fencing,
  retries,
  crashes,
  priorities,
  delays,
  holding,
  cancelling,
  reviews,
  stalls,
  reasons,
  'shared values': sharedState,
  'what is read': reads,
  'transactions of the caller': transactions,
  schemas,
  'bad input': badInput,
  workers,
  notifications: either('notify', notifications, noNotifications),
  retention,
  'what was stored': either('persistent', persistence, noPersistence),
  'several storages': either('concurrentConnections', severalStorages, noSeveralStorages),
};

/**
 * How tasks behave on a storage, as tests; to be called in a test file of vitest. Every case goes through the public
 * interface of `@dagger/tasks`, and all are the same on every database. What a storage cannot do is declared in
 * `features` with the reason, and then the tests expect that.
 *
 *     taskContract({
 *       name: 'my storage',
 *       features: { persistent: true, concurrentConnections: true, notify: { cannot: 'the server tells nobody' } },
 *       open: () => ({ storage: mine(url), reopen: () => mine(url), beside: () => mine(url) }),
 *     });
 */
export const taskContract = (contract: TaskContract): void => {
  describe(`the task contract on ${contract.name}`, () => {
    const suite = new Suite(contract);
    afterAll(() => suite.close());
    describe.each(Object.entries(TOPICS))('%s', (_topic, cases) => {
      cases(suite);
    });
  });
};
