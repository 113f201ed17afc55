import type { CoreTables, Storage } from '@dagger/core';
import { each } from '@dagger/core/kernel';
import { sql, type RawBuilder, type Transaction } from 'kysely';
import { forgetEnded } from './holds.ts';
import { lockAlone } from './locks.ts';

export interface PruneOptions {
  /** Messages that are older go. */
  readonly maxAgeDays?: number | undefined;
  /** Of the others, only so many of the latest stay. */
  readonly maxMessages?: number | undefined;
}

const DAY = 86_400_000;
/** Messages that go in one transaction. */
const PIECE = 1_000;

/** Deletes messages that no group needs any more. @returns how many */
export const pruneMessages = async (
  storage: Storage,
  { maxAgeDays, maxMessages }: PruneOptions,
  now: number,
): Promise<number> => {
  const reasons: RawBuilder<unknown>[] = [];
  if (maxAgeDays !== undefined) reasons.push(sql`m.time < ${now - maxAgeDays * DAY}`);
  if (maxMessages !== undefined)
    reasons.push(sql`m.seq <= coalesce((select seq from dagger_pubsub_messages
      order by seq desc limit 1 offset ${maxMessages}), -1)`);
  if (reasons.length === 0) return 0;
  let pruned = 0;
  for (let from = -1; ;) {
    const piece = await storage.transaction(async (trx) => {
      await lockAlone(trx, storage);
      const { rows } = await sql<{
        readonly seq: number;
      }>`delete from dagger_pubsub_messages where seq in (
        select m.seq from dagger_pubsub_messages as m where m.seq > ${from} and (${sql.join(reasons, sql` or `)})
          and m.seq <= coalesce((select min(position) from dagger_pubsub_groups), m.seq)
          and not exists (select 1 from dagger_pubsub_groups as g join dagger_pubsub_deliveries as d
            on d.group_id = g.id and d.seq = m.seq)
        order by m.seq limit ${PIECE}) returning seq`.execute(trx);
      const offsets = rows.map(({ seq }) => seq);
      await deleteAttempts(trx, storage, offsets);
      return offsets;
    });
    pruned += piece.length;
    if (piece.length < PIECE) {
      if (pruned > 0) await storage.transaction((trx) => forgetEnded(trx));
      return pruned;
    }
    from = Math.max(...piece);
  }
};

const deleteAttempts = async (
  trx: Transaction<CoreTables>,
  { abilities }: Storage,
  offsets: readonly number[],
): Promise<void> => {
  if (offsets.length === 0) return;
  const list = each(
    abilities,
    ['number'],
    offsets.map((offset) => [offset]),
  );
  await sql`delete from dagger_pubsub_attempts where seq in (select c0 from ${list})`.execute(trx);
};
