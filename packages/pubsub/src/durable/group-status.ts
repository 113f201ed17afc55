import type { Storage } from '@dagger/core';
import { sql, type Selectable } from 'kysely';
import type { Overflow } from '../channel/options.ts';
import type { StartFrom } from '../transport/transport.ts';
import { isFor, readGroup } from './groups.ts';
import { countReaders } from './membership.ts';
import { positionOf } from './register.ts';
import { tables, type GroupRow } from './tables.ts';

/** How far a group is with its messages. */
export interface GroupStatus {
  readonly name: string;
  readonly patterns: readonly string[];
  /** Messages that may wait for it. */
  readonly capacity: number;
  readonly overflow: Overflow;
  /** Transports that read it, in all processes that live; 0: nobody does. */
  readonly readers: number;
  /** Messages that wait for a member. */
  readonly ready: number;
  /** Messages that members have. */
  readonly leased: number;
  /** Messages that wait for their next attempt. */
  readonly delayed: number;
  /** Messages beyond its position. */
  readonly ahead: number;
  /** All of these: the messages that it is not done with. */
  readonly lag: number;
  /** When the oldest of them was published, in milliseconds since the Unix epoch; null where it is done with all. */
  readonly oldest: number | null;
  /** The offset up to which it has caught up; null: it is not catching up. */
  readonly position: number | null;
  /** Milliseconds since the Unix epoch. */
  readonly createdAt: number;
}

interface Undone {
  readonly group_id: number;
  readonly ready: number;
  readonly leased: number;
  readonly delayed: number;
  readonly first: number;
}

/** All groups, by their names. */
export const readGroupStatus = async (
  storage: Storage,
  now: number,
): Promise<readonly GroupStatus[]> => {
  const { rows } = await sql<Undone>`select group_id, min(seq) as first,
      count(*) filter (where state = 0) as ready,
      count(*) filter (where state = 1) as leased,
      count(*) filter (where state = 2) as delayed
    from dagger_pubsub_deliveries group by group_id`.execute(storage.db);
  const undone = new Map(rows.map((row) => [row.group_id, row]));
  const readers = await countReaders(storage, now);
  const groups = await tables(storage).selectFrom('dagger_pubsub_groups').selectAll().execute();
  const found: GroupStatus[] = [];
  for (const row of groups)
    found.push({
      ...(await statusOf(storage, row, undone.get(row.id))),
      readers: readers.get(row.id) ?? 0,
    });
  return found.toSorted((a, b) => (a.name < b.name ? -1 : 1));
};

const statusOf = async (
  storage: Storage,
  row: Selectable<GroupRow>,
  undone: Undone | undefined,
): Promise<Omit<GroupStatus, 'readers'>> => {
  const { name, patterns, capacity, overflow, position } = readGroup(row);
  const { ready = 0, leased = 0, delayed = 0 } = undone ?? {};
  const ahead = position === null ? NONE : await missing(storage, row, { after: position });
  const times = [undone && (await timeAt(storage, undone.first)), ahead.since].flatMap(
    (time) => time ?? [],
  );
  return {
    name,
    patterns,
    capacity,
    overflow,
    ready,
    leased,
    delayed,
    ahead: ahead.count,
    lag: ready + leased + delayed + ahead.count,
    oldest: times.length === 0 ? null : Math.min(...times),
    position,
    createdAt: row.created_at,
  };
};

interface Missing {
  readonly count: number;
  /** When the first of them was published. */
  readonly since: number | null;
}

const NONE: Missing = { count: 0, since: null };

/** The messages of a group, within bounds of their offsets, of which it has no delivery. */
const missing = async (
  storage: Storage,
  row: Selectable<GroupRow>,
  { after, upTo }: { readonly after: number; readonly upTo?: number | undefined },
): Promise<Missing> => {
  const end = upTo === undefined ? sql`` : sql`and m.seq <= ${upTo}`;
  const { rows } = await sql<{
    readonly channel: string;
    readonly source: string | null;
    readonly count: number;
    readonly since: number;
  }>`select m.channel, m.source, count(*) as count, min(m.time) as since
    from dagger_pubsub_messages as m where m.seq > ${after} ${end} and not exists
      (select 1 from dagger_pubsub_deliveries as d where d.group_id = ${row.id} and d.seq = m.seq)
    group by m.channel, m.source`.execute(storage.db);
  const group = readGroup(row);
  const own = rows.filter((each) => isFor(group, each));
  return {
    count: own.reduce((sum, { count }) => sum + count, 0),
    since: own.length === 0 ? null : Math.min(...own.map(({ since }) => since)),
  };
};

/** How many messages a replay would have a group receive that it is done with, or never received. */
export const countReplayed = async (
  storage: Storage,
  name: string,
  from: StartFrom,
): Promise<number> => {
  const row = await tables(storage)
    .selectFrom('dagger_pubsub_groups')
    .selectAll()
    .where('name', '=', name)
    .executeTakeFirst();
  const after = row && (await storage.transaction((trx) => positionOf(trx, from)));
  if (row === undefined || after === undefined || after === null) return 0;
  // From there on it is catching up already.
  if (row.position !== null && row.position <= after) return 0;
  return (await missing(storage, row, { after, upTo: row.position ?? undefined })).count;
};

/** How many messages lie beyond the position of a group. */
export const countAheadOf = async (storage: Storage, name: string): Promise<number> => {
  const row = await tables(storage)
    .selectFrom('dagger_pubsub_groups')
    .selectAll()
    .where('name', '=', name)
    .executeTakeFirst();
  const after = row?.position ?? null;
  return row === undefined || after === null ? 0 : (await missing(storage, row, { after })).count;
};

const timeAt = async (storage: Storage, offset: number): Promise<number | null> => {
  const { rows } = await sql<{ readonly time: number }>`
    select time from dagger_pubsub_messages where seq = ${offset}`.execute(storage.db);
  return rows[0]?.time ?? null;
};
