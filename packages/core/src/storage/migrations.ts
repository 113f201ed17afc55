import type { MigrationSet } from './storage.ts';

/** The tables of core, oldest first. Never change a migration that was released; add one. */
export const coreMigrations: MigrationSet = {
  name: 'core',
  migrations: {
    '0001_runs': {
      async up(db) {
        await db.schema
          .createTable('dagger_definitions')
          .addColumn('hash', 'text', (c) => c.primaryKey())
          .addColumn('body', 'text', (c) => c.notNull())
          .execute();
        await db.schema
          .createTable('dagger_runs')
          .addColumn('id', 'text', (c) => c.primaryKey())
          .addColumn('dag', 'text', (c) => c.notNull())
          .addColumn('definition_hash', 'text', (c) =>
            c.notNull().references('dagger_definitions.hash'),
          )
          .addColumn('status', 'text', (c) => c.notNull())
          .addColumn('cache', 'text', (c) => c.notNull())
          .addColumn('config', 'text', (c) => c.notNull())
          .addColumn('created_at', 'bigint', (c) => c.notNull())
          .addColumn('finished_at', 'bigint')
          .addColumn('error', 'text')
          .addColumn('counts', 'text')
          .addColumn('owner', 'text')
          .addColumn('fence', 'bigint', (c) => c.notNull())
          .addColumn('lease_until', 'bigint', (c) => c.notNull())
          .execute();
        await db.schema
          .createIndex('dagger_runs_by_time')
          .on('dagger_runs')
          .columns(['created_at', 'id'])
          .execute();
        await db.schema
          .createTable('dagger_journal')
          .addColumn('run_id', 'text', (c) => c.notNull())
          .addColumn('seq', 'bigint', (c) => c.notNull())
          .addColumn('body', 'text', (c) => c.notNull())
          .addPrimaryKeyConstraint('dagger_journal_pk', ['run_id', 'seq'])
          .execute();
        await db.schema
          .createTable('dagger_memo')
          .addColumn('key', 'text', (c) => c.primaryKey())
          .addColumn('action', 'text', (c) => c.notNull())
          .addColumn('outputs', 'text', (c) => c.notNull())
          .addColumn('created_at', 'bigint', (c) => c.notNull())
          .execute();
      },
    },
  },
};
