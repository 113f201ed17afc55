import {
  DaggerError,
  migrationsFor,
  type CoreTables,
  type MigrationSet,
  type StorageAbilities,
} from '@dagger/core';
import { sql, type Kysely } from 'kysely';
import { Migrator } from 'kysely/migration';
import { codeOf } from './code-of.ts';
import { lockMigrations } from './migration-lock.ts';

/**
 * Brings the tables of a package up to date, in one transaction: others see all of it or nothing. Most openings find
 * everything in place, and then nothing is written and no lock is taken.
 * @throws DaggerError STORAGE_FAILED
 */
export const migrate = async (
  db: Kysely<CoreTables>,
  set: MigrationSet,
  abilities: StorageAbilities,
  schema: string | undefined,
): Promise<void> => {
  const { name } = set;
  try {
    await despiteVanishingSchemas(() => migrateOnce(db, set, abilities, schema));
  } catch (cause) {
    if (cause instanceof DaggerError) throw cause;
    throw new DaggerError(
      'STORAGE_FAILED',
      `the tables of ${name} could not be brought up to date: ${cause instanceof Error ? cause.message : 'unknown'}`,
      { cause },
    );
  }
};

const migrateOnce = async (
  db: Kysely<CoreTables>,
  set: MigrationSet,
  abilities: StorageAbilities,
  schema: string | undefined,
): Promise<void> => {
  const { name } = set;
  const migrations = migrationsFor(set, abilities);
  const table = `dagger_${name}_migrations`;
  const { home, applied } = await appliedIn(db, schema, table);
  if (Object.keys(migrations).every((migration) => applied.has(migration))) return;
  await db
    .transaction()
    .setIsolationLevel('read committed')
    .execute(async (trx) => {
      await lockMigrations(trx as unknown as Kysely<never>);
      const migrator = new Migrator({
        db: trx,
        provider: { getMigrations: () => Promise.resolve(migrations) },
        migrationTableName: table,
        migrationLockTableName: `${table}_lock`,
        // Without it, Kysely takes a table of another schema for this one.
        migrationTableSchema: home,
      });
      const { error } = await migrator.migrateToLatest();
      if (error !== undefined)
        throw error instanceof Error ? error : new Error('unknown', { cause: error });
    });
};

/**
 * The schema of a table of migrations, and the names of those that it says were applied. Kysely's migrator knows them as well,
 * but reads the catalogue of all schemas for it.
 */
const appliedIn = async (
  db: Kysely<CoreTables>,
  schema: string | undefined,
  table: string,
): Promise<{ readonly home: string; readonly applied: ReadonlySet<string> }> => {
  const found = await sql<{ readonly home: string; readonly isThere: boolean }>`
    select home, to_regclass(format('%I.%I', home, ${table}::text)) is not null as "isThere"
    from coalesce(${schema ?? null}::text, current_schema(), 'public') as home`.execute(db);
  const { home = 'public', isThere = false } = found.rows[0] ?? {};
  if (!isThere) return { home, applied: new Set() };
  const { rows } = await sql<{ readonly name: string }>`
    select name from ${sql.id(home, table)}`.execute(db);
  return { home, applied: new Set(rows.map(({ name }) => name)) };
};

/** The SQLSTATEs of a schema, a table, a column and a row of the catalogue that are not there. */
const VANISHED: readonly unknown[] = ['3F000', '42P01', '42703', 'XX000'];
const TRIES = 50;

/**
 * Kysely looks at the tables of all schemas, and that fails when somebody else drops one of theirs at that moment; then it is
 * looked at again.
 */
const despiteVanishingSchemas = async (work: () => Promise<void>): Promise<void> => {
  for (let tries = 1; ; tries++) {
    try {
      await work();
      return;
    } catch (error) {
      if (!VANISHED.includes(codeOf(error)) || tries >= TRIES) throw error;
    }
  }
};
