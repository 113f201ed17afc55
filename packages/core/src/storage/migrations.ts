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
    '0002_inputs_outputs_history': {
      async up(db, { binaryType }) {
        await db.schema
          .createTable('dagger_inbox')
          .addColumn('id', 'text', (c) => c.primaryKey())
          .addColumn('run_id', 'text', (c) => c.notNull())
          .addColumn('at', 'bigint', (c) => c.notNull())
          .addColumn('body', 'text', (c) => c.notNull())
          .execute();
        await db.schema
          .createIndex('dagger_inbox_by_run')
          .on('dagger_inbox')
          .columns(['run_id', 'id'])
          .execute();
        await db.schema
          .createTable('dagger_blobs')
          .addColumn('hash', 'text', (c) => c.primaryKey())
          .addColumn('encoding', 'text', (c) => c.notNull())
          .addColumn('bytes', 'bigint', (c) => c.notNull())
          .addColumn('parts', 'integer', (c) => c.notNull())
          .execute();
        await db.schema
          .createTable('dagger_blob_parts')
          .addColumn('hash', 'text', (c) => c.notNull())
          .addColumn('part', 'integer', (c) => c.notNull())
          .addColumn('body', binaryType as 'blob', (c) => c.notNull())
          .addPrimaryKeyConstraint('dagger_blob_parts_pk', ['hash', 'part'])
          .execute();
        await db.schema
          .createTable('dagger_blob_refs')
          .addColumn('run_id', 'text', (c) => c.notNull())
          .addColumn('hash', 'text', (c) => c.notNull())
          .addPrimaryKeyConstraint('dagger_blob_refs_pk', ['run_id', 'hash'])
          .execute();
        await db.schema
          .createIndex('dagger_blob_refs_by_hash')
          .on('dagger_blob_refs')
          .column('hash')
          .execute();
        await db.schema
          .createTable('dagger_snapshots')
          .addColumn('run_id', 'text', (c) => c.notNull())
          .addColumn('seq', 'bigint', (c) => c.notNull())
          .addColumn('at', 'bigint', (c) => c.notNull())
          .addColumn('body', binaryType as 'blob', (c) => c.notNull())
          .addPrimaryKeyConstraint('dagger_snapshots_pk', ['run_id', 'seq'])
          .execute();
        await db.schema
          .createTable('dagger_durations')
          .addColumn('dag', 'text', (c) => c.primaryKey())
          .addColumn('body', 'text', (c) => c.notNull())
          .execute();
        await db.schema.alterTable('dagger_runs').addColumn('parent_run', 'text').execute();
        await db.schema.alterTable('dagger_runs').addColumn('parent_node', 'text').execute();
        await db.schema.alterTable('dagger_memo').addColumn('node', 'text').execute();
        await db.schema.alterTable('dagger_memo').addColumn('parts', 'text').execute();
        await db.schema
          .createIndex('dagger_memo_by_action')
          .on('dagger_memo')
          .columns(['action', 'created_at'])
          .execute();
      },
    },
  },
};
