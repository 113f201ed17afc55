import type { CoreTables, Storage } from '@dagger/core';
import { sql, type Selectable, type Transaction } from 'kysely';
import type { StartFrom, SubscribeOptions } from '../transport/transport.ts';
import { groupsChanged } from './groups.ts';
import { lockAlone } from './locks.ts';
import { noteMember } from './membership.ts';
import type { GroupRow } from './tables.ts';

/**
 * Makes a group, or brings what is known of it up to date, and notes who reads it from here on. A group that is there goes on
 * where it was.
 */
export const registerGroup = (
  storage: Storage,
  options: SubscribeOptions,
  { now, worker }: { readonly now: number; readonly worker: number | undefined },
): Promise<void> =>
  storage.transaction(async (trx) => {
    await lockAlone(trx, storage);
    const { rows } = await sql<Selectable<GroupRow>>`
      select * from dagger_pubsub_groups where name = ${options.group}`.execute(trx);
    const patterns = JSON.stringify(options.patterns);
    const exceptFrom = JSON.stringify([...options.exceptFrom].toSorted());
    const { capacity, overflow } = options;
    const [known] = rows;
    const note = async (id: number | undefined): Promise<void> => {
      if (worker !== undefined && id !== undefined)
        await noteMember(trx, storage, { worker, groups: [id] });
    };
    if (known === undefined) {
      const position = await positionOf(trx, options.from);
      const made = await sql<
        Pick<Selectable<GroupRow>, 'id'>
      >`insert into dagger_pubsub_groups (name, patterns, except_from, capacity, overflow, position, created_at)
        values (${options.group}, ${patterns}, ${exceptFrom}, ${capacity}, ${overflow}, ${position}, ${now})
        returning id`.execute(trx);
      await note(made.rows[0]?.id);
    } else {
      await note(known.id);
      const isSame =
        known.patterns === patterns &&
        known.except_from === exceptFrom &&
        known.capacity === capacity &&
        known.overflow === overflow;
      if (isSame) return;
      await sql`update dagger_pubsub_groups set patterns = ${patterns}, except_from = ${exceptFrom},
        capacity = ${capacity}, overflow = ${overflow} where id = ${known.id}`.execute(trx);
    }
    await groupsChanged(trx);
  });

/** The offset of the last message that a group is not to read; null where there is none after it. Nobody may publish meanwhile. */
export const positionOf = async (
  trx: Transaction<CoreTables>,
  from: StartFrom,
): Promise<number | null> => {
  if (from === 'new') return null;
  const since =
    from === 'start'
      ? sql`true`
      : 'offset' in from
        ? sql`seq >= ${from.offset}`
        : sql`time >= ${from.time}`;
  const { rows } = await sql<{ readonly first: number | null }>`
    select min(seq) as first from dagger_pubsub_messages where ${since}`.execute(trx);
  const first = rows[0]?.first ?? null;
  return first === null ? null : first - 1;
};
