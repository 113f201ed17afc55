import type { CoreTables, Storage } from '@dagger/core';
import { each, sealParsed } from '@dagger/core/kernel';
import { sql, type Selectable, type Transaction } from 'kysely';
import type { Headers, Message } from '../message/message.ts';
import type { Hold } from '../transport/transport.ts';
import type { Release } from './plan.ts';
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

/** How the waiting of a message ends. */
export interface Ending extends Release {
  /** The message itself is published. */
  readonly isPublished: boolean;
}

/** Ends the waiting of messages. @returns the ids of those that waited */
export const endHolds = async (
  trx: Transaction<CoreTables>,
  { abilities }: Storage,
  endings: readonly Ending[],
): Promise<ReadonlySet<string>> => {
  const ended = new Set<string>();
  for (const isPublished of [true, false]) {
    const rows = endings
      .filter((ending) => ending.isPublished === isPublished)
      .map(({ messageId, at }) => [messageId, at]);
    if (rows.length === 0) continue;
    const list = each(abilities, ['text', 'number'], rows);
    const { rows: found } = await (
      isPublished
        ? sql<{ readonly id: string }>`delete from dagger_pubsub_holds
            where ended_at is null and id in (select c0 from ${list}) returning id`
        : sql<{ readonly id: string }>`update dagger_pubsub_holds
            set ended_at = (select min(c1) from ${list} where c0 = dagger_pubsub_holds.id)
            where ended_at is null and id in (select c0 from ${list}) returning id`
    ).execute(trx);
    for (const { id } of found) ended.add(id);
  }
  return ended;
};

const fromRow = ({ message, since, due_at, on_timeout }: Selectable<HoldRow>): Hold => {
  const { payload, headers, ...rest } = JSON.parse(message) as Message;
  return {
    message: Object.freeze({
      ...rest,
      payload: sealParsed(payload),
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
    .where('ended_at', 'is', null)
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
    .where('ended_at', 'is', null)
    .executeTakeFirst();
  return row === undefined ? undefined : fromRow(row);
};

/** The messages of a tree that wait, or that were not let through. */
export const readWithheld = async (
  storage: Storage,
  correlationId: string,
): Promise<readonly Message[]> => {
  const rows = await tables(storage)
    .selectFrom('dagger_pubsub_holds')
    .selectAll()
    .where('correlation_id', '=', correlationId)
    .orderBy('since')
    .orderBy('id')
    .execute();
  return rows.map((row) => fromRow(row).message);
};

/** Forgets what was not let through, of trees of which nothing else is left. */
export const forgetEnded = async (trx: Transaction<CoreTables>): Promise<void> => {
  await sql`delete from dagger_pubsub_holds where ended_at is not null and not exists
    (select 1 from dagger_pubsub_messages as m where m.correlation_id = dagger_pubsub_holds.correlation_id)`.execute(
    trx,
  );
};
