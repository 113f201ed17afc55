import { DaggerError, type Storage } from '@dagger/core';
import { sql, type RawBuilder, type Selectable } from 'kysely';
import { checkPattern, isPattern, matches } from '../subject/subject.ts';
import { isFor, readGroup } from './groups.ts';
import { ofTree } from './of-tree.ts';
import { fromRow, type StoredMessage } from './stored-message.ts';
import { tables, type MessageRow } from './tables.ts';

export interface MessageFilter {
  /** A channel, or a pattern. */
  readonly channel?: string | undefined;
  readonly correlationId?: string | undefined;
  /** Only those published then or later; milliseconds since the Unix epoch. */
  readonly since?: number | undefined;
  /** Only those with a greater offset. */
  readonly after?: number | undefined;
  /** Which of them come first. Default `oldest`. */
  readonly first?: 'oldest' | 'newest' | undefined;
  /** Default 1,000. */
  readonly limit?: number | undefined;
}

const DEFAULT_LIMIT = 1_000;
/** Messages that are looked at in one step. */
const PIECE = 1_000;

/** Stored messages in order of their offsets. @throws DaggerError CHANNEL_INVALID, CONFIG_INVALID */
export const readMessages = async (
  storage: Storage,
  { channel, correlationId, since, after, first, limit }: MessageFilter,
): Promise<readonly StoredMessage[]> => {
  if (channel !== undefined) checkPattern(channel);
  const conditions: RawBuilder<unknown>[] = [];
  if (correlationId !== undefined) conditions.push(ofTree(correlationId));
  if (channel !== undefined) conditions.push(stretch(channel));
  if (since !== undefined) conditions.push(sql`time >= ${since}`);
  return walk(storage, { conditions, after, first, limit }, (row: Selectable<MessageRow>) =>
    channel === undefined || matches(channel, row.channel) ? fromRow(row) : undefined,
  );
};

/** Which rows of messages are walked over. */
export interface Walk extends Pick<MessageFilter, 'after' | 'first' | 'limit'> {
  readonly conditions: readonly RawBuilder<unknown>[];
}

/** What is made of the rows of messages in order of their offsets; undefined passes a row over. @throws DaggerError CONFIG_INVALID */
export const walk = async <T>(
  storage: Storage,
  { conditions, after = -1, first = 'oldest', limit = DEFAULT_LIMIT }: Walk,
  read: (row: Selectable<MessageRow>) => T | undefined,
): Promise<readonly T[]> => {
  if (!Number.isSafeInteger(limit) || limit < 0)
    throw new DaggerError('CONFIG_INVALID', `limit must be a number of messages, not ${limit}`);
  const isBack = first === 'newest';
  const found: T[] = [];
  for (let from: number | undefined; found.length < limit;) {
    // Most are found at once.
    const size = from === undefined ? Math.min(PIECE, limit) : PIECE;
    const all = [
      ...conditions,
      sql`seq > ${isBack || from === undefined ? after : from}`,
      ...(isBack && from !== undefined ? [sql`seq < ${from}`] : []),
    ];
    const { rows } = await sql<Selectable<MessageRow>>`select * from dagger_pubsub_messages
      where ${sql.join(all, sql` and `)} order by seq ${sql.raw(isBack ? 'desc' : 'asc')} limit ${size}`.execute(
      storage.db,
    );
    for (const row of rows) {
      const made = found.length < limit ? read(row) : undefined;
      if (made !== undefined) found.push(made);
    }
    const last = rows.at(-1);
    if (last === undefined || rows.length < size) break;
    from = last.seq;
  }
  return found;
};

/** The channels that begin as a pattern does before its first wildcard. */
export const stretch = (pattern: string): RawBuilder<unknown> => {
  if (!isPattern(pattern)) return sql`channel = ${pattern}`;
  const parts = pattern.split('.');
  const fixed = parts.slice(
    0,
    parts.findIndex((part) => isPattern(part)),
  );
  // The character after the dot ends the stretch.
  return fixed.length === 0
    ? sql`true`
    : sql`channel > ${`${fixed.join('.')}.`} and channel < ${`${fixed.join('.')}/`}`;
};

/** Deliveries that are not done, those included that have yet to be made for a group that is catching up. */
export const countPending = async (
  storage: Storage,
  correlationId: string | undefined,
): Promise<number> => {
  // First what is yet to be made: what is made meanwhile counts twice, rather than not at all.
  const ahead = await countAhead(storage, correlationId);
  const inTree =
    correlationId === undefined
      ? sql``
      : sql`join dagger_pubsub_messages as m on m.seq = d.seq and ${ofTree(correlationId, 'm')}`;
  const { rows } = await sql<{ readonly undone: number }>`
    select count(*) as undone from dagger_pubsub_deliveries as d ${inTree}`.execute(storage.db);
  return ahead + (rows[0]?.undone ?? 0);
};

const countAhead = async (storage: Storage, correlationId: string | undefined): Promise<number> => {
  const groups = await tables(storage)
    .selectFrom('dagger_pubsub_groups')
    .selectAll()
    .where('position', 'is not', null)
    .execute();
  const inTree = correlationId === undefined ? sql`` : sql`and ${ofTree(correlationId, 'm')}`;
  let count = 0;
  for (const row of groups) {
    const group = readGroup(row);
    const { rows } = await sql<{
      readonly channel: string;
      readonly source: string | null;
      readonly count: number;
    }>`select m.channel, m.source, count(*) as count from dagger_pubsub_messages as m
      where m.seq > ${row.position} ${inTree} and not exists
        (select 1 from dagger_pubsub_deliveries as d where d.group_id = ${row.id} and d.seq = m.seq)
      group by m.channel, m.source`.execute(storage.db);
    for (const each of rows) if (isFor(group, each)) count += each.count;
  }
  return count;
};
