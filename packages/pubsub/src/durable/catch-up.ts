import type { CoreTables, Storage } from '@dagger/core';
import { sql, type Selectable, type Transaction } from 'kysely';
import type { StartFrom } from '../transport/transport.ts';
import { each } from '@dagger/core/kernel';
import { groupsChanged, isFor, readGroup, type Addressed } from './groups.ts';
import { lockAlone } from './locks.ts';
import { positionOf } from './register.ts';
import type { GroupRow } from './tables.ts';

/** Messages that are looked at in one transaction, while nobody publishes. */
const PIECE = 1_000;

/**
 * Makes the next deliveries of a group whose position lies behind. Since nobody publishes meanwhile, no message can turn up
 * later with an offset that was passed; and when the last is reached, whoever publishes makes those that follow.
 * @returns whether there may be more
 */
export const catchUp = (storage: Storage, groupId: number): Promise<boolean> =>
  storage.transaction(async (trx) => {
    await lockAlone(trx, storage);
    const row = await groupRow(trx, groupId);
    if (row === undefined || row.position === null) return false;
    const group = readGroup(row);
    const { rows } = await sql<Addressed & { readonly seq: number }>`
      select seq, channel, source from dagger_pubsub_messages where seq > ${row.position} order by seq limit ${PIECE}`.execute(
      trx,
    );
    await insertDeliveries(
      trx,
      storage,
      rows.filter((message) => isFor(group, message)).map(({ seq }) => [group.id, seq]),
    );
    const last = rows.length < PIECE ? undefined : rows.at(-1);
    await sql`update dagger_pubsub_groups set position = ${last?.seq ?? null} where id = ${group.id}`.execute(
      trx,
    );
    if (last === undefined) await groupsChanged(trx);
    return last !== undefined;
  });

/** Sets the position of a group back. Its deliveries from there on are made again, in order; false when there is no such group. */
export const rewind = (storage: Storage, name: string, from: StartFrom): Promise<boolean> =>
  storage.transaction(async (trx) => {
    await lockAlone(trx, storage);
    const { rows } = await sql<Selectable<GroupRow>>`
      select * from dagger_pubsub_groups where name = ${name}`.execute(trx);
    const [row] = rows;
    if (row === undefined) return false;
    const position = await positionOf(trx, from);
    if (position === null || (row.position !== null && row.position <= position)) return true;
    await sql`update dagger_pubsub_groups set position = ${position} where id = ${row.id}`.execute(
      trx,
    );
    await groupsChanged(trx);
    return true;
  });

const groupRow = async (
  trx: Transaction<CoreTables>,
  id: number,
): Promise<Selectable<GroupRow> | undefined> => {
  const { rows } = await sql<Selectable<GroupRow>>`
    select * from dagger_pubsub_groups where id = ${id}`.execute(trx);
  return rows[0];
};

/** Pairs of a group and an offset. What is there stays as it is. */
export const insertDeliveries = async (
  trx: Transaction<CoreTables>,
  storage: Storage,
  pairs: readonly (readonly [groupId: number, offset: number])[],
): Promise<void> => {
  if (pairs.length === 0) return;
  await sql`insert into dagger_pubsub_deliveries (group_id, seq, state, attempt, run_at, worker)
    select c0, c1, 0, 0, 0, null from ${each(storage.abilities, ['number', 'number'], pairs)} where true
    on conflict do nothing`.execute(trx);
};
