import { DaggerError, type Storage } from '@dagger/core';
import { sql, type Selectable } from 'kysely';
import { checkPattern, isPattern, matches } from '../subject/subject.ts';
import { isFor, readGroup } from './groups.ts';
import { fromRow, type StoredMessage } from './stored-message.ts';
import { tables, type MessageRow } from './tables.ts';

export interface MessageFilter {
  /** A channel, or a pattern. */
  readonly channel?: string | undefined;
  readonly correlationId?: string | undefined;
  /** Only those with a greater offset. */
  readonly after?: number | undefined;
  /** Default 1,000. */
  readonly limit?: number | undefined;
}

const DEFAULT_LIMIT = 1_000;
/** Messages that are looked at in one step. */
const PIECE = 1_000;

/** Stored messages in order of their offsets. @throws DaggerError CHANNEL_INVALID, CONFIG_INVALID */
export const readMessages = async (
  storage: Storage,
  { channel, correlationId, after = -1, limit = DEFAULT_LIMIT }: MessageFilter,
): Promise<readonly StoredMessage[]> => {
  if (channel !== undefined) checkPattern(channel);
  if (!Number.isSafeInteger(limit) || limit < 0)
    throw new DaggerError('CONFIG_INVALID', `limit must be a number of messages, not ${limit}`);
  const found: StoredMessage[] = [];
  for (let from = after; found.length < limit;) {
    const conditions = [sql`seq > ${from}`];
    if (correlationId !== undefined) conditions.push(sql`correlation_id = ${correlationId}`);
    if (channel !== undefined) conditions.push(stretch(channel));
    const { rows } = await sql<Selectable<MessageRow>>`select * from dagger_pubsub_messages
      where ${sql.join(conditions, sql` and `)} order by seq limit ${PIECE}`.execute(storage.db);
    for (const row of rows)
      if (found.length < limit && (channel === undefined || matches(channel, row.channel)))
        found.push(fromRow(row));
    const last = rows.at(-1);
    if (last === undefined || rows.length < PIECE) break;
    from = last.seq;
  }
  return found;
};

/** The channels that begin as a pattern does before its first wildcard. */
const stretch = (pattern: string): ReturnType<typeof sql> => {
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
  const ofTree =
    correlationId === undefined
      ? sql``
      : sql`join dagger_pubsub_messages as m on m.seq = d.seq and m.correlation_id = ${correlationId}`;
  const { rows } = await sql<{ readonly undone: number }>`
    select count(*) as undone from dagger_pubsub_deliveries as d ${ofTree}`.execute(storage.db);
  let undone = rows[0]?.undone ?? 0;
  const groups = await tables(storage)
    .selectFrom('dagger_pubsub_groups')
    .selectAll()
    .where('position', 'is not', null)
    .execute();
  for (const row of groups) {
    const group = readGroup(row);
    const inTree =
      correlationId === undefined ? sql`` : sql`and m.correlation_id = ${correlationId}`;
    const ahead = await sql<{
      readonly channel: string;
      readonly source: string | null;
      readonly count: number;
    }>`select m.channel, m.source, count(*) as count from dagger_pubsub_messages as m
      where m.seq > ${row.position} ${inTree} and not exists
        (select 1 from dagger_pubsub_deliveries as d where d.group_id = ${row.id} and d.seq = m.seq)
      group by m.channel, m.source`.execute(storage.db);
    for (const each of ahead.rows) if (isFor(group, each)) undone += each.count;
  }
  return undone;
};
