import type { Storage } from '@dagger/core';
import type { EdgeRow, JobRow, LogRow, StateRow, TaskRow, TaskTables } from '@dagger/tasks';
import type { Kysely } from 'kysely';

/** Everything that a storage holds of jobs. */
export interface TaskTablesContent {
  readonly jobs: readonly JobRow[];
  readonly tasks: readonly TaskRow[];
  readonly edges: readonly EdgeRow[];
  readonly log: readonly LogRow[];
  readonly shared: readonly StateRow[];
}

const tables = (storage: Storage): Kysely<TaskTables> => storage.db;

/** Reads all of it; nobody should write meanwhile. */
export const readTaskTables = async (storage: Storage): Promise<TaskTablesContent> => {
  const db = tables(storage);
  return {
    jobs: await db.selectFrom('dagger_jobs').selectAll().orderBy('id').execute(),
    tasks: await db.selectFrom('dagger_tasks').selectAll().orderBy('ord').orderBy('id').execute(),
    edges: await db
      .selectFrom('dagger_task_edges')
      .selectAll()
      .orderBy('task_id')
      .orderBy('needs')
      .execute(),
    log: await db
      .selectFrom('dagger_job_log')
      .selectAll()
      .orderBy('job_id')
      .orderBy('seq')
      .execute(),
    shared: await db
      .selectFrom('dagger_job_state')
      .selectAll()
      .orderBy('job_id')
      .orderBy('key')
      .execute(),
  };
};

/** The workers that are registered. */
export const workersIn = async (storage: Storage): Promise<readonly string[]> => {
  const rows = await tables(storage)
    .selectFrom('dagger_workers')
    .select('id')
    .orderBy('id')
    .execute();
  return rows.map(({ id }) => id);
};
