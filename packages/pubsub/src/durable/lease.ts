import type { CoreTables, Storage } from '@dagger/core';
import { isDead } from '@dagger/core/kernel';
import { sql, type Selectable, type Transaction } from 'kysely';
import { tables, type WorkerRow } from './tables.ts';

/** Milliseconds that a worker is trusted without a sign of life, and between two of them. */
const LEASE = 7_000;
export const BEAT = 2_000;

/** @returns the number by which its claims are known */
export const registerWorker = async (
  trx: Transaction<CoreTables>,
  owner: string,
  now: number,
): Promise<number> => {
  const { rows } = await sql<Pick<Selectable<WorkerRow>, 'id'>>`
    insert into dagger_pubsub_workers (owner, lease_until) values (${owner}, ${now + LEASE}) returning id`.execute(
    trx,
  );
  return (rows[0] as Selectable<WorkerRow>).id;
};

/** A sign of life; false when others have declared it dead. */
export const renewLease = async (storage: Storage, id: number, now: number): Promise<boolean> => {
  const renewed = await tables(storage)
    .updateTable('dagger_pubsub_workers')
    .set({ lease_until: now + LEASE })
    .where('id', '=', id)
    .executeTakeFirst();
  return renewed.numUpdatedRows > 0n;
};

/**
 * Whether a worker may claim in this transaction: from here on nobody declares it dead, so that whoever does finds all it has.
 * Comes before its rows are touched, as whoever declares it dead begins with it too.
 */
export const holdWorker = async (
  trx: Transaction<CoreTables>,
  storage: Storage,
  id: number,
): Promise<boolean> => {
  const lock = storage.abilities.rowLocks ? sql`for key share` : sql``;
  const { rows } = await sql`select id from dagger_pubsub_workers where id = ${id} ${lock}`.execute(
    trx,
  );
  return rows.length > 0;
};

/** What dead workers had is ready again. @returns whether anything is */
export const takeOver = async (storage: Storage, own: number, now: number): Promise<boolean> => {
  const known = await tables(storage)
    .selectFrom('dagger_pubsub_workers')
    .select(['id', 'owner', 'lease_until'])
    .execute();
  let found = false;
  for (const { id, owner, lease_until } of known)
    if (id !== own && (lease_until < now || isDead(owner)))
      found = (await removeWorker(storage, id, lease_until)) || found;
  return found;
};

/** @param leaseUntil as it was seen: whoever has renewed it meanwhile lives. @returns whether it had anything */
export const removeWorker = (
  storage: Storage,
  id: number,
  leaseUntil: number | undefined,
): Promise<boolean> =>
  storage.transaction(async (trx) => {
    const asSeen = leaseUntil === undefined ? sql`` : sql`and lease_until = ${leaseUntil}`;
    const gone =
      await sql`delete from dagger_pubsub_workers where id = ${id} ${asSeen} returning id`.execute(
        trx,
      );
    if (gone.rows.length === 0) return false;
    await sql`delete from dagger_pubsub_members where worker = ${id}`.execute(trx);
    const { rows } =
      await sql`update dagger_pubsub_deliveries set state = 0, worker = null, run_at = 0
        where worker = ${id} and state = 1 returning seq`.execute(trx);
    return rows.length > 0;
  });
