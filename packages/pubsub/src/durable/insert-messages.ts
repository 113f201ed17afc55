import type { CoreTables, Storage } from '@dagger/core';
import { among, each, type Cell, type Kind } from '@dagger/core/kernel';
import { sql, type Transaction } from 'kysely';
import type { Headers, Message } from '../message/message.ts';
import { inPieces } from './rows-in-pieces.ts';

const COLUMNS =
  'id, channel, source, time, payload, headers, causation_id, correlation_id, hops, key, traceparent';

const KINDS: readonly Kind[] = [
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

const hasAny = (headers: Headers): boolean => {
  for (const _ in headers) return true;
  return false;
};

/** Adds the values of a message, in the order of the columns. */
const addCells = (cells: Cell[], message: Message): Cell[] => {
  const { headers, key } = message;
  cells.push(
    message.id,
    message.channel,
    message.source,
    message.time,
    JSON.stringify(message.payload),
    hasAny(headers) ? JSON.stringify(headers) : null,
    message.causationId,
    message.correlationId,
    message.hops,
    key === null ? null : JSON.stringify(key),
    message.traceparent,
  );
  return cells;
};

interface Inserted {
  readonly id: string;
  readonly seq: number;
}

/**
 * Writes messages in their order.
 * @returns their offsets, which grow, in that order too; none for a message that was there, or that comes again in the list
 */
export const insertMessages = async (
  trx: Transaction<CoreTables>,
  storage: Storage,
  messages: readonly Message[],
): Promise<readonly (number | undefined)[]> => {
  if (messages.length === 0) return [];
  return storage.abilities.jsonEach === 'json_each'
    ? insertInPieces(trx, storage, messages)
    : offsetsOf(messages, await insertAtOnce(trx, storage, messages));
};

const offsetsOf = (
  messages: readonly Message[],
  rows: readonly Inserted[],
): readonly (number | undefined)[] => {
  const known = new Map(rows.map(({ id, seq }) => [id, seq]));
  return messages.map(({ id }) => {
    const offset = known.get(id);
    known.delete(id);
    return offset;
  });
};

const insertAtOnce = async (
  trx: Transaction<CoreTables>,
  { abilities }: Storage,
  messages: readonly Message[],
): Promise<readonly Inserted[]> => {
  const list = messages.map((message, place) => [...addCells([], message), place]);
  const { rows } = await sql<Inserted>`insert into dagger_pubsub_messages (${sql.raw(COLUMNS)})
    select c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10 from ${each(abilities, [...KINDS, 'number'], list)} where true order by c11
    on conflict (id) do nothing returning id, seq`.execute(trx);
  return rows;
};

const insertPieces = inPieces(
  `insert into dagger_pubsub_messages (${COLUMNS})`,
  KINDS.length,
  '(id)',
);

/**
 * No rows are given back where they can be worked out: nobody else writes meanwhile, so those of one statement have consecutive
 * offsets, if all of them are new.
 */
const insertInPieces = async (
  trx: Transaction<CoreTables>,
  { abilities }: Storage,
  messages: readonly Message[],
): Promise<readonly (number | undefined)[]> => {
  const before = sql<{ readonly seq: number }>`
    select seq from sqlite_sequence where name = 'dagger_pubsub_messages'`.execute(trx);
  const pieces = insertPieces(trx, messages.length, (cells, row) =>
    addCells(cells, messages[row] as Message),
  );
  const offsets: number[] = [];
  const { rows } = await before;
  let areNew = true;
  for (const { size, done } of pieces) {
    const { numAffectedRows = 0n, insertId = 0n } = await done;
    if (Number(numAffectedRows) !== size) areNew = false;
    for (let left = size; left > 0; left--) offsets.push(Number(insertId) - left + 1);
  }
  if (areNew) return offsets;
  const ids = messages.map(({ id }) => id);
  const found = await sql<Inserted>`select id, seq from dagger_pubsub_messages
    where id ${among(abilities, ids)} and seq > ${rows[0]?.seq ?? 0}`.execute(trx);
  return offsetsOf(messages, found.rows);
};
