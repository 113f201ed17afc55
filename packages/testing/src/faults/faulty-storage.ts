import type { Clock, CoreTables, Storage } from '@dagger/core';
import { systemClock } from '@dagger/core';
import type { Transaction } from 'kysely';
import { bridge, isWrite } from '../storage-bridge.ts';
import { chooser, type Fault, type FaultPlan } from './plan.ts';
import { tearing } from './torn.ts';

/** What was done to a commit. */
export interface InjectedFault {
  /** The number of the commit; the first is 1. */
  readonly commit: number;
  readonly fault: Fault;
}

export interface FaultyStorage extends Storage {
  /** How many commits were asked for so far, those that went wrong included. */
  readonly commits: number;
  /** What went wrong so far, in order. */
  readonly injected: readonly InjectedFault[];
}

export interface FaultyStorageOptions {
  /** What a slow write waits on. Default: the clock of the system. */
  readonly clock?: Clock;
}

/** How an error of a database looks: it is none of dagger's. */
const databaseError = (code: string, message: string): Error =>
  Object.assign(new Error(message), { code });

/**
 * A storage that goes wrong as planned. A commit is a transaction, or a statement outside of one that writes; migrations
 * and reads are left alone. Of several plans the first that hits a commit counts.
 *
 * ```ts
 * const storage = faultyStorage(sqlite(':memory:'), { fault: { type: 'commit-then-throw' }, at: [3] });
 * ```
 * @throws DaggerError CONFIG_INVALID for a plan that says nothing
 */
export const faultyStorage = (
  storage: Storage,
  plan: FaultPlan | readonly FaultPlan[],
  { clock = systemClock }: FaultyStorageOptions = {},
): FaultyStorage => {
  const choices = [plan].flat().map(chooser);
  const injected: InjectedFault[] = [];
  let commits = 0;
  const choose = (): Fault | undefined => {
    const commit = ++commits;
    const [fault] = choices.map((choice) => choice(commit)).filter((each) => each !== undefined);
    if (fault !== undefined) injected.push({ commit, fault });
    return fault;
  };
  const lost = (): Error => databaseError('CONNECTION_LOST', `commit ${commits}: injected: torn`);
  const around = async <T>(
    work: () => Promise<T>,
    torn: (after: number) => Promise<T>,
  ): Promise<T> => {
    const fault = choose();
    const at = commits;
    switch (fault?.type) {
      case undefined:
        return work();
      case 'fail-before':
        throw databaseError('SQLITE_FULL', `commit ${at}: injected: the disk is full`);
      case 'busy':
        throw databaseError('SQLITE_BUSY', `commit ${at}: injected: the database is locked`);
      case 'commit-then-throw':
        await work();
        throw databaseError('CONNECTION_LOST', `commit ${at}: injected: no answer`);
      case 'slow':
        await new Promise<void>((resolve) => clock.after(fault.ms, resolve));
        return work();
      case 'torn':
        return torn(fault.after ?? 1);
    }
  };
  return {
    ...storage,
    db: bridge(storage.db, (query, work) =>
      isWrite(query) ? around(work, () => Promise.reject(lost())) : work(),
    ),
    transaction: <T>(work: (trx: Transaction<CoreTables>) => Promise<T>) =>
      around(
        () => storage.transaction(work),
        (after) =>
          storage.transaction(async (trx) => {
            await work(tearing(trx, after, lost));
            throw lost();
          }),
      ),
    get commits() {
      return commits;
    },
    injected,
  };
};
