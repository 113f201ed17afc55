import type { JsonValue, Storage } from '@dagger/core';
import { each, sealParsed } from '@dagger/core/kernel';
import { sql, type Kysely, type RawBuilder, type Selectable } from 'kysely';
import type { CoreTables } from '@dagger/core';
import type { Headers, Message } from '../message/message.ts';
import type { MessageRow } from './tables.ts';

/** A message with its place among all that were published. */
export interface StoredMessage {
  readonly offset: number;
  readonly message: Message;
}

const NO_HEADERS: Headers = Object.freeze({});

export const fromRow = (row: Selectable<MessageRow>): StoredMessage => ({
  offset: row.seq,
  message: Object.freeze({
    id: row.id,
    channel: row.channel,
    source: row.source,
    time: row.time,
    payload: sealParsed(JSON.parse(row.payload) as JsonValue),
    headers: row.headers === null ? NO_HEADERS : Object.freeze(JSON.parse(row.headers) as Headers),
    causationId: row.causation_id,
    correlationId: row.correlation_id,
    hops: row.hops,
    key: row.key === null ? null : (JSON.parse(row.key) as string),
    traceparent: row.traceparent,
  }),
});

/** The messages at some offsets; those that were pruned are missing. */
export const messagesAt = async (
  db: Kysely<CoreTables>,
  storage: Storage,
  offsets: readonly number[],
): Promise<readonly StoredMessage[]> => {
  if (offsets.length === 0) return [];
  const { rows } = await sql<Selectable<MessageRow>>`select * from dagger_pubsub_messages
    where seq in (select c0 from ${listed(storage, offsets)}) order by seq`.execute(db);
  return rows.map(fromRow);
};

const listed = ({ abilities }: Storage, numbers: readonly number[]): RawBuilder<unknown> =>
  each(
    abilities,
    ['number'],
    numbers.map((number) => [number]),
  );
