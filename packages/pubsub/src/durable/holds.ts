import type { CoreTables, JsonValue, Storage } from '@dagger/core';
import { each, sealParsed } from '@dagger/core/kernel';
import { sql, type Selectable, type Transaction } from 'kysely';
import type { Headers, Message } from '../message/message.ts';
import type { Hold } from '../transport/transport.ts';
import { tables, type HoldRow } from './tables.ts';

/** Writes messages that wait for people; one that is there stays as it is. */
export const insertHolds = async (
  trx: Transaction<CoreTables>,
  { abilities }: Storage,
  holds: readonly Hold[],
): Promise<void> => {
  if (holds.length === 0) return;
  const rows = holds.map(({ message, since, dueAt, onTimeout }) => [
    message.id,
    message.correlationId,
    JSON.stringify(message),
    since,
    dueAt,
    onTimeout,
  ]);
  await sql`insert into dagger_pubsub_holds (id, correlation_id, message, since, due_at, on_timeout)
    select c0, c1, c2, c3, c4, c5
    from ${each(abilities, ['text', 'text', 'text', 'number', 'number', 'text'], rows)} where true
    on conflict do nothing`.execute(trx);
};

/** Ends the waiting of messages. @returns the ids of those that waited */
export const deleteHolds = async (
  trx: Transaction<CoreTables>,
  { abilities }: Storage,
  ids: readonly string[],
): Promise<ReadonlySet<string>> => {
  if (ids.length === 0) return new Set();
  const list = each(
    abilities,
    ['text'],
    ids.map((id) => [id]),
  );
  const { rows } = await sql<{ readonly id: string }>`delete from dagger_pubsub_holds
    where id in (select c0 from ${list}) returning id`.execute(trx);
  return new Set(rows.map(({ id }) => id));
};

const fromRow = ({ message, since, due_at, on_timeout }: Selectable<HoldRow>): Hold => {
  const { payload, headers, ...rest } = JSON.parse(message) as Message;
  return {
    message: Object.freeze({
      ...rest,
      payload: sealParsed(payload as JsonValue),
      headers: Object.freeze(headers) as Headers,
    }),
    since,
    dueAt: due_at,
    onTimeout: on_timeout as Hold['onTimeout'],
  };
};

/** Those that have waited longest first. */
export const readHolds = async (storage: Storage): Promise<readonly Hold[]> => {
  const rows = await tables(storage)
    .selectFrom('dagger_pubsub_holds')
    .selectAll()
    .orderBy('since')
    .orderBy('id')
    .execute();
  return rows.map(fromRow);
};

export const findHold = async (storage: Storage, id: string): Promise<Hold | undefined> => {
  const row = await tables(storage)
    .selectFrom('dagger_pubsub_holds')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst();
  return row === undefined ? undefined : fromRow(row);
};
