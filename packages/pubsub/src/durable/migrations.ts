import type { MigrationSet } from '@dagger/core';
import { sql, type ColumnDefinitionBuilder } from 'kysely';

/** The tables of channels, oldest first. Never change a migration that was released; add one. */
export const pubsubMigrations: MigrationSet = {
  name: 'pubsub',
  migrations: {
    '0001_messages_and_deliveries': {
      async up(db, { byteOrder, jsonEach }) {
        const isSqlite = jsonEach === 'json_each';
        // Stretches of channels are read.
        const text = byteOrder === undefined ? sql`text` : sql`text collate ${sql.id(byteOrder)}`;
        const number = isSqlite ? sql`integer` : sql`bigint`;
        const counted = (c: ColumnDefinitionBuilder): ColumnDefinitionBuilder =>
          isSqlite ? c.primaryKey().autoIncrement() : c.generatedByDefaultAsIdentity().primaryKey();

        await db.schema
          .createTable('dagger_pubsub_messages')
          .addColumn('seq', number, counted)
          .addColumn('id', text, (c) => c.notNull().unique())
          .addColumn('channel', text, (c) => c.notNull())
          .addColumn('source', 'text')
          .addColumn('time', 'bigint', (c) => c.notNull())
          .addColumn('payload', 'text', (c) => c.notNull())
          .addColumn('headers', 'text')
          .addColumn('causation_id', 'text')
          .addColumn('correlation_id', text, (c) => c.notNull())
          .addColumn('hops', 'integer', (c) => c.notNull())
          .addColumn('key', 'text')
          .addColumn('traceparent', 'text')
          .execute();
        await db.schema
          .createIndex('dagger_pubsub_messages_of_tree')
          .on('dagger_pubsub_messages')
          .column('correlation_id')
          // Those that begin a tree are found by their own id.
          .where(sql.ref('correlation_id'), '<>', sql.ref('id'))
          .execute();

        await db.schema
          .createTable('dagger_pubsub_groups')
          .addColumn('id', number, counted)
          .addColumn('name', 'text', (c) => c.notNull().unique())
          .addColumn('patterns', 'text', (c) => c.notNull())
          .addColumn('except_from', 'text', (c) => c.notNull())
          .addColumn('capacity', 'bigint', (c) => c.notNull())
          .addColumn('overflow', 'text', (c) => c.notNull())
          .addColumn('position', 'bigint')
          .addColumn('created_at', 'bigint', (c) => c.notNull())
          .execute();

        const deliveries = db.schema
          .createTable('dagger_pubsub_deliveries')
          .addColumn('group_id', 'bigint', (c) => c.notNull())
          .addColumn('seq', 'bigint', (c) => c.notNull())
          .addColumn('state', 'integer', (c) => c.notNull())
          .addColumn('attempt', 'integer', (c) => c.notNull())
          .addColumn('run_at', 'bigint', (c) => c.notNull())
          .addColumn('worker', 'bigint')
          .addPrimaryKeyConstraint('dagger_pubsub_deliveries_pk', ['group_id', 'seq']);
        // One tree instead of a table and an index beside it.
        await (isSqlite ? deliveries.modifyEnd(sql`without rowid`) : deliveries).execute();
        // What members take, in the order in which they take it.
        await db.schema
          .createIndex('dagger_pubsub_deliveries_ready')
          .on('dagger_pubsub_deliveries')
          .columns(['group_id', 'seq'])
          .where(sql.ref('state'), '=', sql.lit(0))
          .execute();
        await db.schema
          .createIndex('dagger_pubsub_deliveries_due')
          .on('dagger_pubsub_deliveries')
          .column('run_at')
          .where(sql.ref('state'), '=', sql.lit(2))
          .execute();

        await db.schema
          .createTable('dagger_pubsub_workers')
          .addColumn('id', number, counted)
          .addColumn('owner', 'text', (c) => c.notNull())
          .addColumn('lease_until', 'bigint', (c) => c.notNull())
          .execute();

        await db.schema
          .createTable('dagger_pubsub_state')
          .addColumn('id', 'integer', (c) => c.primaryKey())
          .addColumn('version', 'bigint', (c) => c.notNull())
          .execute();
        await sql`insert into dagger_pubsub_state (id, version) values (1, 1)`.execute(db);
      },
    },
    '0002_redriven_dead_letters': {
      async up(db) {
        await db.schema
          .alterTable('dagger_pubsub_messages')
          .addColumn('redriven_at', 'bigint')
          .execute();
        // They are few among many.
        await db.schema
          .createIndex('dagger_pubsub_dead_letters')
          .on('dagger_pubsub_messages')
          .column('seq')
          .where(sql.ref('channel'), '>', sql.lit('dead.'))
          .where(sql.ref('channel'), '<', sql.lit('dead/'))
          .execute();
      },
    },
    '0003_holds_and_attempts': {
      async up(db, { jsonEach }) {
        const isSqlite = jsonEach === 'json_each';
        await db.schema
          .createTable('dagger_pubsub_holds')
          .addColumn('id', 'text', (c) => c.primaryKey())
          .addColumn('correlation_id', 'text', (c) => c.notNull())
          .addColumn('message', 'text', (c) => c.notNull())
          .addColumn('since', 'bigint', (c) => c.notNull())
          .addColumn('due_at', 'bigint')
          .addColumn('on_timeout', 'text', (c) => c.notNull())
          .addColumn('ended_at', 'bigint')
          .execute();
        await db.schema
          .createIndex('dagger_pubsub_holds_of_tree')
          .on('dagger_pubsub_holds')
          .column('correlation_id')
          .execute();
        const attempts = db.schema
          .createTable('dagger_pubsub_attempts')
          .addColumn('seq', 'bigint', (c) => c.notNull())
          .addColumn('agent', 'text', (c) => c.notNull())
          .addColumn('attempt', 'integer', (c) => c.notNull())
          .addColumn('status', 'integer', (c) => c.notNull())
          .addColumn('error', 'text')
          .addColumn('started_at', 'bigint', (c) => c.notNull())
          .addColumn('duration_ms', 'bigint', (c) => c.notNull())
          .addPrimaryKeyConstraint('dagger_pubsub_attempts_pk', ['seq', 'agent', 'attempt']);
        await (isSqlite ? attempts.modifyEnd(sql`without rowid`) : attempts).execute();
      },
    },
    '0004_members': {
      async up(db) {
        await db.schema
          .createTable('dagger_pubsub_members')
          .addColumn('group_id', 'bigint', (c) => c.notNull())
          .addColumn('worker', 'bigint', (c) => c.notNull())
          .addPrimaryKeyConstraint('dagger_pubsub_members_pk', ['group_id', 'worker'])
          .execute();
      },
    },
  },
};
