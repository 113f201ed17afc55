import { DaggerError } from '@dagger/core';
import { sql, type RawBuilder } from 'kysely';
import type { TaskRow } from '../store/tables.ts';
import type { Unit } from './unit.ts';

/** What an attempt shows with each of its writes. */
export interface Grip {
  readonly taskId: string;
  readonly jobId: string;
  readonly fence: number;
}

/** The attempt is over in the storage: another worker has the task, or it was cancelled. */
export const lostTask = (taskId: string): DaggerError =>
  new DaggerError(
    'TASK_LOST',
    `task '${taskId}' was taken from this attempt: it was cancelled, or another worker has it`,
    { ids: { taskId } },
  );

/** The task of an attempt. The lock of its job must be held. @throws DaggerError TASK_LOST when it is its own no more */
export const ownTask = async (unit: Unit, { taskId, fence }: Grip): Promise<TaskRow> => {
  const row = await unit.trx
    .selectFrom('dagger_tasks')
    .selectAll()
    .where('id', '=', taskId)
    .executeTakeFirst();
  if (row?.state !== 'in_progress' || row.fence !== fence) throw lostTask(taskId);
  return row;
};

/**
 * Whether a row of `dagger_tasks` is still that of the attempt whose fence is `e.c1`. As a case, since PostgreSQL would otherwise
 * guess how many are in progress: before it has statistics it takes them for one, and then compares each with each.
 */
export const STILL_OWN: RawBuilder<boolean> = sql`case when dagger_tasks.state = 'in_progress' then dagger_tasks.fence = e.c1 else false end`;
