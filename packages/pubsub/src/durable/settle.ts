import type { CoreTables, Storage } from '@dagger/core';
import { sql, type Transaction } from 'kysely';
import { each } from '@dagger/core/kernel';
import type { TraceAttempt } from '../trace/entry.ts';

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
  /** What became of attempts at its message. */
  readonly attempts?: readonly TraceAttempt[] | undefined;
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

/** Beyond so many lists one statement for all costs less than one for each. */
const MOST_LISTS = 8;

/** Ends deliveries. @returns the claims whose deliveries are not theirs any more */
export const endDeliveries = async (
  trx: Transaction<CoreTables>,
  { abilities }: Storage,
  claims: readonly Claim[],
): Promise<ReadonlySet<Claim>> => {
  if (claims.length === 0) return NONE;
  const lists = abilities.jsonEach === 'json_each' ? alike(claims) : [];
  const ended =
    lists.length > 0 && lists.length <= MOST_LISTS
      ? await Promise.all(lists.map((list) => endAlike(trx, list)))
      : [await endAll(trx, abilities, claims)];
  const rows = ended.flat();
  if (rows.length === claims.length) return NONE;
  const own = new Set(
    rows.map(({ group_id, seq }) => claimKey({ groupId: group_id, offset: seq })),
  );
  return new Set(claims.filter((claim) => !own.has(claimKey(claim))));
};

const NONE: ReadonlySet<Claim> = new Set();

/** Claims in lists of those that differ by nothing but the offset. */
const alike = (claims: readonly Claim[]): readonly (readonly Claim[])[] => {
  const lists: [Claim, ...Claim[]][] = [];
  let last: [Claim, ...Claim[]] | undefined;
  const belongs = (claim: Claim, [first]: readonly [Claim, ...Claim[]]): boolean =>
    first.groupId === claim.groupId &&
    first.attempt === claim.attempt &&
    first.worker === claim.worker;
  for (const claim of claims) {
    if (last === undefined || !belongs(claim, last)) {
      last = lists.find((list) => belongs(claim, list));
      if (last === undefined) {
        if (lists.length === MOST_LISTS) return [];
        last = [claim];
        lists.push(last);
        continue;
      }
    }
    last.push(claim);
  }
  return lists;
};

/** SQLite reads a list of numbers much faster than a list of rows. */
const endAlike = async (
  trx: Transaction<CoreTables>,
  claims: readonly Claim[],
): Promise<readonly Pair[]> => {
  const [first] = claims;
  if (first === undefined) return [];
  const { groupId, attempt, worker } = first;
  const { rows } = await sql<Pair>`delete from dagger_pubsub_deliveries
    where group_id = ${groupId} and attempt = ${attempt} and worker = ${worker}
      and seq in (select value from json_each(${JSON.stringify(claims.map(({ offset }) => offset))}))
    returning group_id, seq`.execute(trx);
  return rows;
};

const endAll = async (
  trx: Transaction<CoreTables>,
  abilities: Storage['abilities'],
  claims: readonly Claim[],
): Promise<readonly Pair[]> => {
  const list = each(abilities, KINDS, claims.map(rowOf));
  const { rows } = await (
    abilities.jsonEach === 'json_each'
      ? sql<Pair>`delete from dagger_pubsub_deliveries
          where (group_id, seq, attempt, worker) in (select c0, c1, c2, c3 from ${list}) returning group_id, seq`
      : sql<Pair>`delete from dagger_pubsub_deliveries as d using ${list}
          where d.group_id = e.c0 and d.seq = e.c1 and d.attempt = e.c2 and d.worker = e.c3
          returning d.group_id, d.seq`
  ).execute(trx);
  return rows;
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
