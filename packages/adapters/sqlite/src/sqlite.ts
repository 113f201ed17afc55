import { mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import BetterSqlite3 from 'better-sqlite3';
import {
  DaggerError,
  migrationsFor,
  type CoreTables,
  type MigrationSet,
  type Storage,
  type StorageAbilities,
} from '@dagger/core';
import { Kysely } from 'kysely';
import { Migrator } from 'kysely/migration';
import { isBusy, PatientDialect } from './patient-driver.ts';
import { withKeptStatements } from './statements.ts';
import { isPermanent } from './permanent.ts';
import { parseLocation, type Durability } from './url.ts';

export interface SqliteOptions {
  /**
   * What a commit survives. `full`: a power loss (an fsync per commit). `normal` (default): a crash of the process, while
   * a power loss may take the latest commits but never the consistency. `off`: a crash of the process, while a power
   * loss may corrupt the file.
   */
  readonly durability?: Durability;
  /** Milliseconds to wait for another process that writes. Default 5,000. */
  readonly busyTimeout?: number;
}

const SYNCHRONOUS: { readonly [D in Durability]: string } = {
  full: 'FULL',
  normal: 'NORMAL',
  off: 'OFF',
};

/** With a rollback journal, a commit that is to survive a power loss also needs the folder on the disk. */
const synchronous = (durability: Durability, journalMode: string): string =>
  durability === 'full' && journalMode === 'delete' ? 'EXTRA' : SYNCHRONOUS[durability];

const ABILITIES: StorageAbilities = {
  skipLocked: false,
  notify: false,
  rowLocks: false,
  binaryType: 'blob',
  jsonEach: 'json_each',
};

const openDatabase = (filename: string): BetterSqlite3.Database => {
  try {
    if (filename !== ':memory:') mkdirSync(dirname(resolve(filename)), { recursive: true });
    return new BetterSqlite3(filename);
  } catch (cause) {
    throw new DaggerError(
      'STORAGE_FAILED',
      `cannot open the SQLite database '${filename}': ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
};

/** Sets the pragmas; the first of them reads the file, so a file that is no database is noticed here. */
const configure = (
  database: BetterSqlite3.Database,
  filename: string,
  journalMode: string,
  durability: Durability,
  patience: number,
): void => {
  try {
    database.pragma(`busy_timeout = ${patience}`);
    if (filename !== ':memory:') {
      whilePatient(patience, () => database.pragma(`journal_mode = ${journalMode.toUpperCase()}`));
    }
    database.pragma(`synchronous = ${synchronous(durability, journalMode)}`);
    database.pragma('foreign_keys = ON');
    // From here on the driver waits, without holding up the event loop.
    database.pragma('busy_timeout = 0');
  } catch (cause) {
    database.close();
    throw new DaggerError(
      'STORAGE_FAILED',
      `'${filename}' cannot be used as a SQLite database: ${cause instanceof Error ? cause.message : 'unknown'}`,
      { cause },
    );
  }
};

const PAUSE = 10;

/** SQLite does not wait by itself while another process changes the journal mode of a new file. */
const whilePatient = (patience: number, attempt: () => void): void => {
  for (let waited = 0; ; waited += PAUSE) {
    try {
      return attempt();
    } catch (error) {
      if (!isBusy(error) || waited >= patience) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE);
    }
  }
};

/**
 * Storage in one SQLite file (or `:memory:`), in WAL mode unless the URL says otherwise. The file and its folder are
 * made when absent. Takes a path, or a URL such as `sqlite:runs.db?mode=wal&busy_timeout=5000`.
 * @throws DaggerError STORAGE_URL, STORAGE_FAILED
 */
export const sqlite = (location: string, options: SqliteOptions = {}): Storage => {
  const { filename, journalMode, busyTimeout, durability } = parseLocation(location);
  const database = openDatabase(filename);
  const mode = journalMode ?? 'wal';
  const safety = options.durability ?? durability ?? 'normal';
  const patience = options.busyTimeout ?? busyTimeout ?? 5_000;
  configure(database, filename, mode, safety, patience);
  const kept = withKeptStatements(database);
  let isOpen = true;
  const mustBeOpen = (): void => {
    if (!isOpen) throw new DaggerError('STORAGE_FAILED', `the database '${filename}' was closed`);
  };
  const db = new Kysely<CoreTables>({
    dialect: new PatientDialect({ database: kept }, { patience, mustBeOpen }),
  });
  let closing: Promise<void> | undefined;
  return {
    db,
    location: filename,
    ...(filename === ':memory:'
      ? {}
      : {
          url: `sqlite:${encodeURI(resolve(filename)).replaceAll(/[?#]/g, encodeURIComponent)}?mode=${mode}&durability=${safety}`,
        }),
    abilities: ABILITIES,
    migrate: (set) => migrate(db, set),
    isPermanent: (error) => !database.open || isPermanent(error),
    transaction: (work) => db.transaction().execute(work),
    // Takes its turn on the one connection, after those who asked before. Kysely's own end waits for nobody.
    close: async () =>
      (closing ??= db.connection().execute(async () => {
        isOpen = false;
        kept.close();
      })),
  };
};

const migrate = async (db: Kysely<CoreTables>, set: MigrationSet): Promise<void> => {
  const { name } = set;
  const migrator = new Migrator({
    db,
    provider: { getMigrations: () => Promise.resolve(migrationsFor(set, ABILITIES)) },
    migrationTableName: `dagger_${name}_migrations`,
    migrationLockTableName: `dagger_${name}_migrations_lock`,
  });
  // Most openings find everything in place, and then write nothing.
  if ((await migrator.getMigrations()).every(({ executedAt }) => executedAt !== undefined)) return;
  let { error } = await migrator.migrateToLatest();
  // Another process may have made the same tables in between; then there is nothing left to do but to look again.
  for (let again = 0; again < 5 && isRace(error); again++) {
    await wait(PAUSE);
    ({ error } = await migrator.migrateToLatest());
  }
  if (error !== undefined) {
    throw new DaggerError(
      'STORAGE_FAILED',
      `the tables of ${name} could not be brought up to date: ${error instanceof Error ? error.message : 'unknown'}`,
      { cause: error },
    );
  }
};

const isRace = (error: unknown): boolean =>
  isBusy(error) ||
  (error instanceof Error && /already exists|UNIQUE constraint failed/.test(error.message));
