import { describe } from 'vitest';
import { closing } from './closing.ts';
import type { StorageContract } from './features.ts';
import { memos } from './memos.ts';
import { migrations } from './migrations.ts';
import { notifications } from './notifications.ts';
import { ownership } from './ownership.ts';
import { persistence } from './persistence.ts';
import { runs } from './runs.ts';
import { statements } from './statements.ts';
import { transactions } from './transactions.ts';
import { values } from './values.ts';

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
    describe('migrations', () => migrations(contract));
    describe('transactions', () => transactions(contract));
    describe('statements', () => statements(contract));
    describe('values', () => values(contract));
    describe('closing', () => closing(contract));
    describe('notifications', () => notifications(contract));
    describe('persistence', () => persistence(contract));
    describe('runs', () => runs(contract));
    describe('results for later runs', () => memos(contract));
    describe('ownership of runs', () => ownership(contract));
  });
};
