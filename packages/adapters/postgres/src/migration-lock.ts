import { PostgresAdapter, sql, type Kysely } from 'kysely';

/** The key of the advisory lock, which all programs of a database share: a number that nobody else has a reason to use. */
const LOCK = '4107312260153842521';

/** Waits for every other process that brings tables of this database up to date; held to the end of the transaction. */
export const lockMigrations = async (trx: Kysely<never>): Promise<void> => {
  await sql`select pg_advisory_xact_lock(${sql.lit(LOCK)}::bigint)`.execute(trx);
};

/**
 * The lock of Kysely's migrator for a migration that is one transaction. Kysely's own belongs to the session, and after
 * a failure the transaction takes no statement that would give it back.
 */
export class TransactionLockAdapter extends PostgresAdapter {
  override async acquireMigrationLock(db: Kysely<never>): Promise<void> {
    await lockMigrations(db);
  }

  override async releaseMigrationLock(): Promise<void> {}
}
