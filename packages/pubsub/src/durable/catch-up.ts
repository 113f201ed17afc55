import type { CoreTables, Storage } from '@dagger/core';
import { sql, type Selectable, type Transaction } from 'kysely';
import type { StartFrom } from '../transport/transport.ts';
import { makeDeliveries } from './delivery-rows.ts';
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
    const offsets = rows.filter((message) => isFor(group, message)).map(({ seq }) => seq);
    await makeDeliveries(trx, storage, [{ groupId: group.id, offsets, worker: null }]);
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
