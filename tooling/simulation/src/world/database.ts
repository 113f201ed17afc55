import type { Storage } from '@dagger/core';
import { sqlite } from '@dagger/sqlite';
import { taskMigrations } from '@dagger/tasks';
import { CompiledQuery } from 'kysely';

/** A database in memory that is used for one schedule after the other: making the tables costs more than most of them. */
export interface Database {
  readonly storage: Storage;
  /** Beside the transactions of the workers; must not be called while one of them is under way. */
  readonly query: <R>(sql: string) => Promise<readonly R[]>;
  readonly empty: () => Promise<void>;
  readonly close: () => Promise<void>;
}

const TABLES = [
  'dagger_jobs',
  'dagger_tasks',
  'dagger_task_edges',
  'dagger_job_log',
  'dagger_job_state',
  'dagger_workers',
  'sim_moves',
];

/** The database itself writes down each change of a task's state, with what the row said before and after. */
const OBSERVATION = [
  `create table sim_moves (n integer primary key, id text, job text, agent text, old text, new text, old_fence int, fence int,
    old_worker text, worker text, on_crash text, job_status text, output text)`,
  `create trigger sim_added after insert on dagger_tasks begin
    insert into sim_moves (id, job, agent, old, new, old_fence, fence, old_worker, worker, on_crash,
      job_status, output)
    values (new.id, new.job_id, new.agent, null, new.state, 0, new.fence, null, new.worker, json_extract(new.options, '$.onCrash'),
      (select status from dagger_jobs where id = new.job_id), new.output); end`,
  `create trigger sim_moved after update on dagger_tasks when new.state <> old.state or new.fence <> old.fence begin
    insert into sim_moves (id, job, agent, old, new, old_fence, fence, old_worker, worker, on_crash,
      job_status, output)
    values (new.id, new.job_id, new.agent, old.state, new.state, old.fence, new.fence, old.worker, new.worker,
      json_extract(new.options, '$.onCrash'), (select status from dagger_jobs where id = new.job_id), new.output); end`,
];

export const openDatabase = async (): Promise<Database> => {
  const storage = sqlite(':memory:', { durability: 'off' });
  await storage.migrate(taskMigrations);
  const query = async <R>(sql: string): Promise<readonly R[]> =>
    (await storage.db.executeQuery<R>(CompiledQuery.raw(sql))).rows;
  for (const statement of OBSERVATION) await query(statement);
  return {
    storage,
    query,
    empty: async () => {
      for (const table of TABLES) await query(`delete from ${table}`);
    },
    close: () => storage.close(),
  };
};
