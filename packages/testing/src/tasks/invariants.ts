import type { Clock, Storage } from '@dagger/core';
import { TaskManager } from '@dagger/tasks';
import { edgeProblems } from './edge-invariants.ts';
import { jobProblems } from './job-invariants.ts';
import { reasonProblems } from './reason-invariants.ts';
import { rowProblems } from './row-invariants.ts';
import { readTaskTables } from './tables.ts';

export interface TaskInvariantsOptions {
  /** The clock of the managers that use the storage; leases and delays are judged by it. Default: that of the system. */
  readonly clock?: Clock;
}

/**
 * What must hold of the jobs of a storage at every moment between two commits, whatever died before: the numbers of a job are
 * those of its tasks; its history is without gaps and tells of each end once; a task waits for as many tasks as have not
 * ended among those that it needs; every task that has not ended has a reason, and a job in which nothing can move
 * has been noticed. Gives what does not hold, in words. Nobody should write meanwhile.
 */
export const taskInvariants = async (
  storage: Storage,
  { clock }: TaskInvariantsOptions = {},
): Promise<readonly string[]> => {
  const observer = await TaskManager.open({
    storage,
    work: false,
    ...(clock === undefined ? {} : { clock }),
  });
  try {
    const content = await readTaskTables(storage);
    return [
      ...jobProblems(content),
      ...rowProblems(content),
      ...edgeProblems(content),
      ...(await reasonProblems(content, observer)),
    ];
  } finally {
    await observer.close();
  }
};
