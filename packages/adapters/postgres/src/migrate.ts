import {
  DaggerError,
  migrationsFor,
  type CoreTables,
  type MigrationSet,
  type StorageAbilities,
} from '@dagger/core';
import { sql, type Kysely } from 'kysely';
import { Migrator } from 'kysely/migration';
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
  const home = schema ?? (await currentSchema(db));
  const migrator = (on: Kysely<CoreTables>): Migrator =>
    new Migrator({
      db: on,
      provider: { getMigrations: () => Promise.resolve(migrationsFor(set, abilities)) },
      migrationTableName: `dagger_${name}_migrations`,
      migrationLockTableName: `dagger_${name}_migrations_lock`,
      // Without it, Kysely takes a table of another schema for this one.
      migrationTableSchema: home,
    });
  const known = await migrator(db).getMigrations();
  if (known.every(({ executedAt }) => executedAt !== undefined)) return;
  await db
    .transaction()
    .setIsolationLevel('read committed')
    .execute(async (trx) => {
      await lockMigrations(trx as unknown as Kysely<never>);
      const { error } = await migrator(trx).migrateToLatest();
      if (error !== undefined)
        throw error instanceof Error ? error : new Error('unknown', { cause: error });
    });
};

/** The SQLSTATEs of a schema, a table and a row of the catalogue that are not there. */
const VANISHED: readonly unknown[] = ['3F000', '42P01', 'XX000'];
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
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (!VANISHED.includes(code) || tries >= TRIES) throw error;
    }
  }
};

const currentSchema = async (db: Kysely<CoreTables>): Promise<string> => {
  const { rows } = await sql<{
    readonly name: string | null;
  }>`select current_schema() as name`.execute(db);
  return rows[0]?.name ?? 'public';
};
