import type { CoreTables, Storage } from '@dagger/core';
import { sql, type RawBuilder, type Transaction } from 'kysely';
import { each } from '@dagger/core/kernel';
import type { Claim } from './settle.ts';

/** How many messages of a group there is room for. */
export interface Demand {
  readonly groupId: number;
  readonly most: number;
  /** Whether some may be ready already, which come before those that are about to be published. */
  readonly hasOlder: boolean;
}

interface Row {
  readonly group_id: number;
  readonly seq: number;
  readonly attempt: number;
}

/** After any offset. */
const END = sql.lit(Number.MAX_SAFE_INTEGER);

/**
 * Takes what is ready, the oldest first. It waits for nobody: what another worker is about to take is passed over. Of a group
 * that is catching up, what lies beyond its position waits until all before it is there.
 */
export const claim = async (
  trx: Transaction<CoreTables>,
  storage: Storage,
  { worker, demands }: { readonly worker: number; readonly demands: readonly Demand[] },
): Promise<readonly Claim[]> => {
  if (demands.length === 0) return [];
  const found = storage.abilities.rowLocks
    ? sql`ctid = any(array(${pickedLocked(storage, demands)}))`
    : sql`(group_id, seq) in (${picked(demands)})`;
  const { rows } = await sql<Row>`update dagger_pubsub_deliveries
    set state = 1, worker = ${worker}, attempt = attempt + 1
    where ${found} returning group_id, seq, attempt`.execute(trx);
  return rows
    .map(({ group_id, seq, attempt }) => ({ groupId: group_id, offset: seq, attempt, worker }))
    .toSorted((a, b) => a.offset - b.offset);
};

const picked = (demands: readonly Demand[]): RawBuilder<unknown> =>
  sql.join(
    demands.map(
      ({ groupId, most }) => sql`select * from (select group_id, seq from dagger_pubsub_deliveries
        where state = 0 and group_id = ${groupId}
          and seq <= (select coalesce(position, ${END}) from dagger_pubsub_groups where id = ${groupId})
        order by seq limit ${most})`,
    ),
    sql` union all `,
  );

/** The places of the rows: they are locked, so nobody moves them, and need not be looked up again. */
const pickedLocked = (storage: Storage, demands: readonly Demand[]): RawBuilder<unknown> =>
  sql`select c.place from ${each(
    storage.abilities,
    ['number', 'number'],
    demands.map(({ groupId, most }) => [groupId, most]),
  )} join dagger_pubsub_groups as g on g.id = e.c0 cross join lateral (
      select ctid as place from dagger_pubsub_deliveries where state = 0 and group_id = e.c0
        and seq <= coalesce(g.position, ${END})
      order by seq limit e.c1 for update skip locked) as c`;
