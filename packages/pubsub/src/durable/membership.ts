import type { CoreTables, Storage } from '@dagger/core';
import { each, isDead } from '@dagger/core/kernel';
import { sql, type Kysely, type RawBuilder, type Transaction } from 'kysely';
import { holdWorker } from './lease.ts';

const idsIn = ({ abilities }: Storage, groups: readonly number[]): RawBuilder<unknown> =>
  sql`(select c0 from ${each(
    abilities,
    ['number'],
    groups.map((id) => [id]),
  )})`;

/** Notes that a worker reads groups; one that was declared dead, or a group that was removed, is left out. */
export const noteMember = async (
  trx: Transaction<CoreTables>,
  storage: Storage,
  { worker, groups }: { readonly worker: number; readonly groups: readonly number[] },
): Promise<void> => {
  // Whoever declares it dead meanwhile finds what is noted here.
  if (groups.length === 0 || !(await holdWorker(trx, storage, worker))) return;
  await sql`insert into dagger_pubsub_members (group_id, worker)
    select id, cast(${worker} as bigint) from dagger_pubsub_groups where id in ${idsIn(storage, groups)}
    on conflict do nothing`.execute(trx);
};

/** A worker reads no groups but these any more. */
export const forgetMember = async (
  storage: Storage,
  { worker, groups }: { readonly worker: number; readonly groups: readonly number[] },
): Promise<void> => {
  await sql`delete from dagger_pubsub_members where worker = ${worker}
    and group_id not in ${idsIn(storage, groups)}`.execute(storage.db);
};

interface Reader {
  readonly group_id: number;
  readonly id: number;
  readonly owner: string;
  readonly lease_until: number;
}

/** A worker that lives, as far as anybody here can know. */
const isLive = ({ owner, lease_until }: Reader, now: number): boolean =>
  lease_until >= now && !isDead(owner);

const readersIn = async (
  db: Kysely<CoreTables> | Transaction<CoreTables>,
  pairs: RawBuilder<unknown>,
): Promise<readonly Reader[]> => {
  const { rows } = await sql<Reader>`select m.group_id, w.id, w.owner, w.lease_until
    from (${pairs}) as m join dagger_pubsub_workers as w on w.id = m.worker order by w.id`.execute(
    db,
  );
  return rows;
};

/** How many workers that live read each group. */
export const countReaders = async (
  storage: Storage,
  now: number,
): Promise<ReadonlyMap<number, number>> => {
  const all = sql`select group_id, worker from dagger_pubsub_members`;
  const counts = new Map<number, number>();
  for (const reader of await readersIn(storage.db, all))
    if (isLive(reader, now)) counts.set(reader.group_id, (counts.get(reader.group_id) ?? 0) + 1);
  return counts;
};

/**
 * Who reads a group, or has messages of it to handle still, as `host#pid#start#nonce`.
 * @param own a worker that is known to live
 */
export const ownersOf = async (
  trx: Transaction<CoreTables>,
  groupId: number,
  { now, own }: { readonly now: number; readonly own: number | undefined },
): Promise<readonly string[]> => {
  const pairs = sql`select group_id, worker from dagger_pubsub_members where group_id = ${groupId}
    union select group_id, worker from dagger_pubsub_deliveries where group_id = ${groupId} and state = 1`;
  const readers = await readersIn(trx, pairs);
  return readers
    .filter((reader) => reader.id === own || isLive(reader, now))
    .map(({ owner }) => owner);
};
