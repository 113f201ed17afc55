import type { CoreTables, Storage } from '@dagger/core';
import { sql, type Transaction } from 'kysely';

/** Any number, as long as nobody else locks with it. */
const SPACE = 0x70_75_62;

const key = sql`${sql.lit(SPACE)}, hashtext(current_schema())`;

/**
 * Whoever publishes, so that no group comes or changes meanwhile. As a lock that is no row's: those who publish would have to
 * write into the row, and whoever waits for all of them could wait for ever.
 */
export const lockShared = async (trx: Transaction<CoreTables>, storage: Storage): Promise<void> => {
  if (storage.abilities.rowLocks)
    await sql`select pg_advisory_xact_lock_shared(${key})`.execute(trx);
};

/** Whoever changes a group, or makes deliveries of messages that were published before: nobody publishes meanwhile. */
export const lockAlone = async (trx: Transaction<CoreTables>, storage: Storage): Promise<void> => {
  if (storage.abilities.rowLocks) await sql`select pg_advisory_xact_lock(${key})`.execute(trx);
};
