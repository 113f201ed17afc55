import type { Kysely, Transaction } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { CoreTables } from './tables.ts';

/** What a database can do; code asks before it uses it. */
export interface StorageAbilities {
  /** `SELECT ... FOR UPDATE SKIP LOCKED`. */
  readonly skipLocked: boolean;
  /** `subscribe` wakes at once; without it, watchers poll. */
  readonly notify: boolean;
  /** `SELECT ... FOR UPDATE`, which a database needs where several transactions write at the same time. */
  readonly rowLocks: boolean;
  /** The type of a column of bytes. */
  readonly binaryType: 'blob' | 'bytea';
  /** The collation that orders texts by their bytes; absent where all are ordered so. */
  readonly byteOrder?: string;
  /** The table function that gives the members of a JSON list, in a column named `value`. */
  readonly jsonEach: 'json_each' | 'json_array_elements';
}

/** One step of a schema. `abilities` says what the columns of the database are called. */
export interface SchemaStep {
  up(db: Kysely<unknown>, abilities: StorageAbilities): Promise<void>;
}

/** The migrations of one package: forward only, applied in the order of their names, each once. */
export interface MigrationSet {
  /** The name of the package, which owns the tables. */
  readonly name: string;
  readonly migrations: { readonly [name: string]: SchemaStep };
}

/** The steps of a set as Kysely's migrator takes them. */
export const migrationsFor = (
  { migrations }: MigrationSet,
  abilities: StorageAbilities,
): { [name: string]: Migration } =>
  Object.fromEntries(
    Object.entries(migrations).map(([name, step]) => [
      name,
      { up: (db: Kysely<unknown>) => step.up(db, abilities) },
    ]),
  );

export type Unsubscribe = () => Promise<void>;

/**
 * A database, as an adapter brings it. Every package keeps its own tables in it; all SQL is Kysely.
 *
 * - A write is durable when its promise resolves, as far as the adapter's durability setting says.
 * - `transaction` runs one at a time on SQLite; nested use of `db` inside of it would wait forever, so use its argument.
 * - Statements of a transaction that are asked for without waiting for each other are done in the order of asking, and an
 *   adapter may send them together; when one fails, the transaction is not committed, even if nobody looked at its error.
 * - Closing waits for what is under way, and may be done again; afterwards every call rejects with STORAGE_FAILED.
 */
export interface Storage {
  readonly db: Kysely<CoreTables>;
  readonly abilities: StorageAbilities;
  /** Where the data is, for people: a path or an address without credentials. */
  readonly location: string;
  /**
   * The URL with which another thread of this process opens the same data. It may hold credentials, so it is never shown.
   * Absent where only this object can reach the data, or where no URL says how.
   */
  readonly url?: string;
  /** Brings the tables of a package up to date; does nothing when they are, and waits for another process that does it. */
  migrate(set: MigrationSet): Promise<void>;
  transaction<T>(work: (trx: Transaction<CoreTables>) => Promise<T>): Promise<T>;
  /**
   * Whether doing the same again cannot help: the disk is full, the file is damaged, a constraint is violated, the
   * database was closed. Everything else is tried again for a while. Absent: the database cannot tell.
   */
  isPermanent?(error: unknown): boolean;
  /**
   * Calls `wake` when somebody notifies `topic`, and whenever a notification may have been missed; absent where the
   * database cannot. Resolves when no later notification is missed.
   */
  subscribe?(topic: string, wake: () => void): Promise<Unsubscribe>;
  /**
   * Wakes those who subscribed to `topic`, in this process and in others: with a transaction when it commits (and not
   * when it is rolled back), with `db` at once. Present where `subscribe` is.
   */
  notify?(db: Kysely<CoreTables> | Transaction<CoreTables>, topic: string): Promise<void>;
  close(): Promise<void>;
}
