import { sql } from 'kysely';
import { sqlite } from '../../../adapters/sqlite/src/index.ts';
import { coreMigrations } from '../../src/storage/migrations.ts';
import type { Storage } from '../../src/storage/storage.ts';

/** A database with its tables, and the statements that empty them. */
interface Kept {
  readonly storage: Storage;
  readonly emptying: readonly string[];
}

const idle: Kept[] = [];

const make = async (): Promise<Kept> => {
  const storage = sqlite(':memory:');
  await storage.migrate(coreMigrations);
  // What refers to others was made after them.
  const tables = await sql<{ readonly name: string }>`
    select name from sqlite_master where type = 'table' and name not like '%_migrations%' order by rowid desc
  `.execute(storage.db);
  return { storage, emptying: tables.rows.map(({ name }) => `delete from ${name}`) };
};

/**
 * A storage in memory that holds nothing. Making the tables takes longer than most of the runs that need them, so one
 * that was closed is emptied and used again.
 */
export const cleanStorage = async (): Promise<Storage> => {
  const kept = idle.pop() ?? (await make());
  const { storage, emptying } = kept;
  for (const statement of emptying) await sql.raw(statement).execute(storage.db);
  let closed = false;
  return {
    ...storage,
    migrate: () => Promise.resolve(),
    close: () => {
      if (!closed) idle.push(kept);
      closed = true;
      return Promise.resolve();
    },
  };
};
