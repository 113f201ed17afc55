import type { Storage } from '@dagger/core';
import { sql, type Transaction } from 'kysely';
import type { JobStatus } from '../lifecycle/states.ts';
import { among, each } from '@dagger/core/kernel';
import { tables } from '../store/reads.ts';
import type { TaskTables } from '../store/tables.ts';
import { rootOf } from '../spec/task-id.ts';
import { bounds } from '../store/below.ts';

/** Which jobs that are over are deleted; all that is given must hold. */
export interface JobRetention {
  /** Those that ended longer ago. */
  readonly maxAgeDays?: number;
  /** All but so many, the most recent ones. */
  readonly maxJobs?: number;
  /** Default: all that are over. */
  readonly statuses?: readonly Extract<JobStatus, 'succeeded' | 'failed' | 'cancelled'>[];
}

const DAY = 86_400_000;
const BATCH = 100;

/** Deletes jobs that are over, with their tasks, their history and their shared values, in short transactions. */
export const pruneJobs = async (
  storage: Storage,
  now: number,
  { maxAgeDays, maxJobs, statuses = ['succeeded', 'failed', 'cancelled'] }: JobRetention,
): Promise<{ readonly jobs: number }> => {
  let deleted = 0;
  for (;;) {
    let query = tables(storage)
      .selectFrom('dagger_jobs')
      .select('id')
      .where('status', 'in', [...statuses])
      .orderBy('created_at', 'desc')
      .orderBy('id');
    if (maxAgeDays !== undefined) query = query.where('finished_at', '<', now - maxAgeDays * DAY);
    const rows = await query
      .limit(BATCH)
      .offset(maxJobs ?? 0)
      .execute();
    if (rows.length === 0) return { jobs: deleted };
    const ids = rows.map(({ id }) => id);
    deleted += await storage.transaction(async (plain) =>
      deleteJobs(plain as unknown as Transaction<TaskTables>, storage, ids),
    );
  }
};

const deleteJobs = async (
  trx: Transaction<TaskTables>,
  storage: Storage,
  ids: readonly string[],
): Promise<number> => {
  const these = among(storage.abilities, ids);
  // One that was reopened meanwhile stays.
  const { rows } = await sql<{ readonly id: string }>`delete from dagger_jobs
    where id ${these} and status in ('succeeded', 'failed', 'cancelled') returning id`.execute(trx);
  const gone = among(
    storage.abilities,
    rows.map(({ id }) => id),
  );
  const stretches = each(
    storage.abilities,
    ['text', 'text'],
    rows.map(({ id }) => bounds(rootOf(id))),
  );
  await sql`delete from dagger_task_edges where (needs, task_id) in (select d.needs, d.task_id
    from ${stretches} join dagger_task_edges as d on d.needs > e.c0 and d.needs < e.c1)`.execute(
    trx,
  );
  await sql`delete from dagger_tasks where id in (select t.id
    from ${stretches} join dagger_tasks as t on t.id > e.c0 and t.id < e.c1)`.execute(trx);
  await sql`delete from dagger_job_log where job_id ${gone}`.execute(trx);
  await sql`delete from dagger_job_state where job_id ${gone}`.execute(trx);
  return rows.length;
};
