import type { MigrationSet } from '@dagger/core';
import { sql } from 'kysely';

/** The tables of tasks, oldest first. Never change a migration that was released; add one. */
export const taskMigrations: MigrationSet = {
  name: 'tasks',
  migrations: {
    '0001_jobs_and_tasks': {
      async up(db, { byteOrder }) {
        // Ids are paths, of which stretches are read.
        const id = byteOrder === undefined ? sql`text` : sql`text collate ${sql.id(byteOrder)}`;

        await db.schema
          .createTable('dagger_jobs')
          .addColumn('id', 'text', (c) => c.primaryKey())
          .addColumn('title', 'text')
          .addColumn('status', 'text', (c) => c.notNull())
          .addColumn('config', 'text', (c) => c.notNull())
          .addColumn('open', 'integer', (c) => c.notNull())
          .addColumn('total', 'bigint', (c) => c.notNull())
          .addColumn('unfinished', 'bigint', (c) => c.notNull())
          .addColumn('movable', 'bigint', (c) => c.notNull())
          .addColumn('failed', 'bigint', (c) => c.notNull())
          .addColumn('tokens', 'bigint', (c) => c.notNull())
          .addColumn('seq', 'bigint', (c) => c.notNull())
          .addColumn('stalls', 'integer', (c) => c.notNull())
          .addColumn('created_at', 'bigint', (c) => c.notNull())
          .addColumn('progressed_at', 'bigint', (c) => c.notNull())
          .addColumn('stall_after_ms', 'bigint')
          .addColumn('due_at', 'bigint')
          .addColumn('finished_at', 'bigint')
          .addColumn('error', 'text')
          .execute();
        await db.schema
          .createIndex('dagger_jobs_by_time')
          .on('dagger_jobs')
          .columns(['created_at', 'id'])
          .execute();
        // Nothing that changes with each commit is in an index: PostgreSQL then has one version of the row for many commits.
        await db.schema
          .createIndex('dagger_jobs_that_may_stall')
          .on('dagger_jobs')
          .column('id')
          .where(sql<boolean>`status = 'running' and stall_after_ms is not null`)
          .execute();
        await db.schema
          .createIndex('dagger_jobs_with_an_end')
          .on('dagger_jobs')
          .column('due_at')
          .where(sql<boolean>`status in ('running', 'paused') and due_at is not null`)
          .execute();

        await db.schema
          .createTable('dagger_tasks')
          .addColumn('id', id, (c) => c.primaryKey())
          .addColumn('job_id', 'text', (c) => c.notNull())
          .addColumn('parent_id', id)
          .addColumn('agent', 'text', (c) => c.notNull())
          .addColumn('type', 'text', (c) => c.notNull())
          .addColumn('state', 'text', (c) => c.notNull())
          .addColumn('title', 'text')
          .addColumn('input', 'text', (c) => c.notNull())
          .addColumn('output', 'text')
          .addColumn('error', 'text')
          .addColumn('reason', 'text')
          .addColumn('options', 'text')
          .addColumn('priority', 'integer', (c) => c.notNull())
          .addColumn('rank', 'integer', (c) => c.notNull())
          .addColumn('ord', 'bigint', (c) => c.notNull())
          .addColumn('depth', 'integer', (c) => c.notNull())
          .addColumn('waiting', 'integer', (c) => c.notNull())
          .addColumn('blocking', 'integer', (c) => c.notNull())
          .addColumn('run_at', 'bigint', (c) => c.notNull())
          .addColumn('fence', 'integer', (c) => c.notNull())
          .addColumn('failures', 'integer', (c) => c.notNull())
          .addColumn('crashes', 'integer', (c) => c.notNull())
          .addColumn('rejections', 'integer', (c) => c.notNull())
          .addColumn('worker', 'text')
          .addColumn('timeout_ms', 'bigint')
          .addColumn('started_at', 'bigint')
          .addColumn('finished_at', 'bigint')
          .addColumn('beat_at', 'bigint')
          .addColumn('deadline', 'bigint')
          .addColumn('progress', 'text')
          .execute();
        // What workers take, in the order in which they take it.
        await db.schema
          .createIndex('dagger_tasks_ready')
          .on('dagger_tasks')
          .columns(['agent', 'rank desc', 'ord'])
          .where(sql.ref('state'), '=', sql.lit('ready'))
          .execute();
        await db.schema
          .createIndex('dagger_tasks_due')
          .on('dagger_tasks')
          .column('run_at')
          .where(sql<boolean>`state = 'pending' and waiting = 0`)
          .execute();
        await db.schema
          .createIndex('dagger_tasks_running')
          .on('dagger_tasks')
          .column('worker')
          .where(sql.ref('state'), '=', sql.lit('in_progress'))
          .execute();
        await db.schema
          .createTable('dagger_task_edges')
          .addColumn('needs', id, (c) => c.notNull())
          .addColumn('task_id', id, (c) => c.notNull())
          .addColumn('job_id', 'text', (c) => c.notNull())
          .addColumn('on_failure', 'text', (c) => c.notNull())
          .addPrimaryKeyConstraint('dagger_task_edges_pk', ['needs', 'task_id'])
          .execute();
        await db.schema
          .createIndex('dagger_task_edges_of_task')
          .on('dagger_task_edges')
          .column('task_id')
          .execute();

        await db.schema
          .createTable('dagger_job_log')
          .addColumn('job_id', 'text', (c) => c.notNull())
          .addColumn('seq', 'bigint', (c) => c.notNull())
          .addColumn('at', 'bigint', (c) => c.notNull())
          .addColumn('body', 'text', (c) => c.notNull())
          .addPrimaryKeyConstraint('dagger_job_log_pk', ['job_id', 'seq'])
          .execute();
        await db.schema
          .createTable('dagger_job_state')
          .addColumn('job_id', 'text', (c) => c.notNull())
          .addColumn('key', 'text', (c) => c.notNull())
          .addColumn('value', 'text', (c) => c.notNull())
          .addPrimaryKeyConstraint('dagger_job_state_pk', ['job_id', 'key'])
          .execute();
        await db.schema
          .createTable('dagger_workers')
          .addColumn('id', 'text', (c) => c.primaryKey())
          .addColumn('agents', 'text', (c) => c.notNull())
          .addColumn('slots', 'integer', (c) => c.notNull())
          .addColumn('started_at', 'bigint', (c) => c.notNull())
          .addColumn('lease_until', 'bigint', (c) => c.notNull())
          .execute();
      },
    },
  },
};
