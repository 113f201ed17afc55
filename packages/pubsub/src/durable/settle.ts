import type { CoreTables, Storage } from '@dagger/core';
import { sql, type Transaction } from 'kysely';
import { each } from '@dagger/core/kernel';

/** What a claim is known by. */
export interface Claim {
  readonly groupId: number;
  readonly offset: number;
  /** Also the fence: it is another one with each claim. */
  readonly attempt: number;
  readonly worker: number;
}

/** A delivery that is given back. */
export interface Return {
  readonly claim: Claim;
  /** Not before; 0: at once. */
  readonly runAt: number;
  /** Nobody has seen it: it does not count as an attempt. */
  readonly isUnseen: boolean;
}

/** One text for each claim. */
export const claimKey = ({ groupId, offset }: Pick<Claim, 'groupId' | 'offset'>): string =>
  `${groupId}:${offset}`;

interface Pair {
  readonly group_id: number;
  readonly seq: number;
}

const KINDS = ['number', 'number', 'number', 'number'] as const;

const rowOf = ({ groupId, offset, attempt, worker }: Claim): readonly number[] => [
  groupId,
  offset,
  attempt,
  worker,
];

/** Ends deliveries. Gives the keys of those that were still the claims' own. */
export const endDeliveries = async (
  trx: Transaction<CoreTables>,
  { abilities }: Storage,
  claims: readonly Claim[],
): Promise<ReadonlySet<string>> => {
  if (claims.length === 0) return new Set();
  const list = each(abilities, KINDS, claims.map(rowOf));
  const { rows } = await (
    abilities.jsonEach === 'json_each'
      ? sql<Pair>`delete from dagger_pubsub_deliveries
          where (group_id, seq, attempt, worker) in (select c0, c1, c2, c3 from ${list}) returning group_id, seq`
      : sql<Pair>`delete from dagger_pubsub_deliveries as d using ${list}
          where d.group_id = e.c0 and d.seq = e.c1 and d.attempt = e.c2 and d.worker = e.c3
          returning d.group_id, d.seq`
  ).execute(trx);
  return new Set(rows.map((row) => claimKey({ groupId: row.group_id, offset: row.seq })));
};

/** Which deliveries are there, whoever has them. */
export const thoseThere = async (
  trx: Transaction<CoreTables>,
  { abilities }: Storage,
  claims: readonly Claim[],
): Promise<ReadonlySet<string>> => {
  if (claims.length === 0) return new Set();
  const { rows } = await sql<Pair>`select d.group_id, d.seq from dagger_pubsub_deliveries as d
    join ${each(abilities, KINDS, claims.map(rowOf))} on d.group_id = e.c0 and d.seq = e.c1`.execute(
    trx,
  );
  return new Set(rows.map((row) => claimKey({ groupId: row.group_id, offset: row.seq })));
};

/** Gives deliveries back; those that are the claims' own no more stay as they are. */
export const returnDeliveries = async (
  trx: Transaction<CoreTables>,
  { abilities }: Storage,
  returns: readonly Return[],
): Promise<void> => {
  if (returns.length === 0) return;
  const rows = returns.map(({ claim, runAt, isUnseen }) => [
    ...rowOf(claim),
    runAt,
    isUnseen ? 1 : 0,
  ]);
  await sql`update dagger_pubsub_deliveries set worker = null, run_at = e.c4, attempt = attempt - e.c5,
      state = case when e.c4 = 0 then 0 else 2 end
    from ${each(abilities, [...KINDS, 'number', 'number'], rows)}
    where dagger_pubsub_deliveries.group_id = e.c0 and dagger_pubsub_deliveries.seq = e.c1
      and dagger_pubsub_deliveries.attempt = e.c2 and dagger_pubsub_deliveries.worker = e.c3`.execute(
    trx,
  );
};

/** Deliveries whose time has come are ready. @returns when the next one is due */
export const promoteDue = async (
  storage: Storage,
  now: number,
): Promise<{ readonly groups: ReadonlySet<number>; readonly next: number | undefined }> => {
  const skip = storage.abilities.skipLocked ? sql`for update skip locked` : sql``;
  const { rows } = await sql<Pair>`update dagger_pubsub_deliveries set state = 0
    where (group_id, seq) in (select group_id, seq from dagger_pubsub_deliveries
      where state = 2 and run_at <= ${now} order by run_at limit 1000 ${skip}) and state = 2
    returning group_id, seq`.execute(storage.db);
  const due = await sql<{ readonly next: number | null }>`
    select min(run_at) as next from dagger_pubsub_deliveries where state = 2`.execute(storage.db);
  return {
    groups: new Set(rows.map(({ group_id }) => group_id)),
    next: due.rows[0]?.next ?? undefined,
  };
};
