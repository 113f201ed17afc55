import type { CoreTables, Storage } from '@dagger/core';
import { each } from '@dagger/core/kernel';
import { sql, type Transaction } from 'kysely';

/** New deliveries of one group. */
export interface NewDeliveries {
  readonly groupId: number;
  readonly offsets: readonly number[];
  /** Who has claimed them, for the first time; null: they are ready. */
  readonly worker: number | null;
}

/** Beyond so many lists one statement for all costs less than one for each. */
const MOST_LISTS = 8;

/** Makes deliveries. What is there stays as it is. */
export const makeDeliveries = async (
  trx: Transaction<CoreTables>,
  storage: Storage,
  lists: readonly NewDeliveries[],
): Promise<void> => {
  const { abilities } = storage;
  const made = lists.filter(({ offsets }) => offsets.length > 0);
  if (made.length === 0) return;
  if (abilities.jsonEach === 'json_each' && made.length <= MOST_LISTS) {
    // SQLite reads a list of numbers much faster than a list of rows.
    await Promise.all(
      made.map(({ groupId, offsets, worker }) => {
        const claimed = worker === null ? 0 : 1;
        return sql`insert into dagger_pubsub_deliveries (group_id, seq, state, attempt, run_at, worker)
          select ${groupId}, value, ${claimed}, ${claimed}, 0, ${worker} from json_each(${JSON.stringify(offsets)}) where true
          on conflict do nothing`.execute(trx);
      }),
    );
    return;
  }
  const rows = made.flatMap(({ groupId, offsets, worker }) =>
    offsets.map((offset) => [groupId, offset, worker === null ? 0 : 1, worker]),
  );
  await sql`insert into dagger_pubsub_deliveries (group_id, seq, state, attempt, run_at, worker)
    select c0, c1, c2, c2, 0, c3 from ${each(abilities, ['number', 'number', 'number', 'number'], rows)} where true
    on conflict do nothing`.execute(trx);
};
