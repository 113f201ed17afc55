import type { JsonValue, Storage } from '@dagger/core';
import { sealParsed, each, type Cell, type Kind } from '@dagger/core/kernel';
import { sql, type Kysely, type RawBuilder, type Selectable, type Transaction } from 'kysely';
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

const hasAny = (headers: Headers): boolean => {
  for (const _ in headers) return true;
  return false;
};

const KINDS: readonly Kind[] = [
  'number',
  'text',
  'text',
  'text',
  'number',
  'text',
  'text',
  'text',
  'text',
  'number',
  'text',
  'text',
];

const cells = (message: Message, place: number): readonly Cell[] => [
  place,
  message.id,
  message.channel,
  message.source,
  message.time,
  JSON.stringify(message.payload),
  hasAny(message.headers) ? JSON.stringify(message.headers) : null,
  message.causationId,
  message.correlationId,
  message.hops,
  message.key === null ? null : JSON.stringify(message.key),
  message.traceparent,
];

/** Writes messages in their order; gives the offsets of those that were not there, by id. */
export const insertMessages = async (
  trx: Transaction<CoreTables>,
  storage: Storage,
  messages: readonly Message[],
): Promise<ReadonlyMap<string, number>> => {
  if (messages.length === 0) return new Map();
  const { rows } = await sql<{ readonly id: string; readonly seq: number }>`
    insert into dagger_pubsub_messages (id, channel, source, time, payload, headers, causation_id, correlation_id, hops, key,
      traceparent)
    select c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11
      from ${each(storage.abilities, KINDS, messages.map(cells))} where true order by c0
    on conflict (id) do nothing returning id, seq`.execute(trx);
  return new Map(rows.map(({ id, seq }) => [id, seq]));
};

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
