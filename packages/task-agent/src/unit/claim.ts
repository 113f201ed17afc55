import type { Storage } from '@dagger/core';
import { sql, type Kysely, type RawBuilder, type Transaction } from 'kysely';
import { each } from '@dagger/core/kernel';
import type { TaskRow, TaskTables } from '../store/tables.ts';

/** How many tasks of an agent a worker has room for. */
export interface Demand {
  readonly agent: string;
  readonly most: number;
}

export interface ClaimRequest {
  readonly worker: string;
  readonly demands: readonly Demand[];
  /** Tasks in all. */
  readonly most: number;
  readonly now: number;
}

/** A task that a worker has taken. */
export type ClaimedTask = Pick<
  TaskRow,
  | 'id'
  | 'job_id'
  | 'parent_id'
  | 'agent'
  | 'input'
  | 'options'
  | 'error'
  | 'reason'
  | 'priority'
  | 'rank'
  | 'ord'
  | 'depth'
  | 'fence'
  | 'failures'
  | 'crashes'
  | 'rejections'
  | 'waiting'
  | 'timeout_ms'
>;

/**
 * Takes tasks that are ready: those of the highest rank first, the oldest of them first. It waits for nobody: what another
 * worker is about to take is passed over.
 */
export const claimTasks = async (
  db: Kysely<TaskTables>,
  storage: Storage,
  request: ClaimRequest,
): Promise<readonly ClaimedTask[]> => {
  const { worker, now } = request;
  const found = storage.abilities.rowLocks
    ? sql`ctid = any(array(${pickedLocked(storage, request)}))`
    : sql`id in (${picked(request)})`;
  const { rows } = await sql<ClaimedTask>`
    update dagger_tasks set state = 'in_progress', worker = ${worker}, fence = fence + 1, started_at = ${now},
      beat_at = ${now}, progress = null,
      deadline = case when timeout_ms is null then null else ${now} + timeout_ms end
    where ${found}
    returning id, job_id, parent_id, agent, input, options, error, reason, priority, rank, ord, depth, fence, failures,
      crashes, rejections, waiting, timeout_ms`.execute(db);
  return rows.toSorted((a, b) => b.rank - a.rank || a.ord - b.ord);
};

/** One walk along the index for each agent, so that what nobody here can run is never looked at. */
const picked = ({ demands, most }: ClaimRequest): RawBuilder<unknown> => {
  const one = ({ agent, most: limit }: Demand): RawBuilder<unknown> =>
    sql`select id, rank, ord from dagger_tasks where state = 'ready' and agent = ${agent}
      order by rank desc, ord limit ${Math.min(limit, most)}`;
  const [only, ...others] = demands;
  if (only !== undefined && others.length === 0) return sql`select id from (${one(only)})`;
  const all = sql.join(
    demands.map((demand) => sql`select * from (${one(demand)})`),
    sql` union all `,
  );
  return sql`select id from (${all}) order by rank desc, ord limit ${most}`;
};

/** The places of the rows: they are locked, so nobody moves them, and need not be looked up again. */
const pickedLocked = (storage: Storage, { demands, most }: ClaimRequest): RawBuilder<unknown> => {
  const [only, ...others] = demands;
  if (only !== undefined && others.length === 0)
    return sql`select ctid from dagger_tasks where state = 'ready' and agent = ${only.agent}
      order by rank desc, ord limit ${Math.min(only.most, most)} for update skip locked`;
  return sql`select c.place from ${each(
    storage.abilities,
    ['text', 'number'],
    demands.map(({ agent, most: limit }) => [agent, Math.min(limit, most)]),
  )} cross join lateral (
      select ctid as place, rank, ord from dagger_tasks where state = 'ready' and agent = e.c0
      order by rank desc, ord limit e.c1 for update skip locked) as c
    order by c.rank desc, c.ord limit ${most}`;
};

/** Tasks whose time has come become ready. Gives their agents, and when the next one is due. */
export const promoteDue = async (
  trx: Transaction<TaskTables>,
  storage: Storage,
  now: number,
): Promise<{ readonly agents: readonly string[]; readonly next: number | undefined }> => {
  const skip = storage.abilities.skipLocked ? sql`for update skip locked` : sql``;
  const { rows } = await sql<{ readonly agent: string }>`update dagger_tasks set state = 'ready'
    where id in (select id from dagger_tasks where state = 'pending' and waiting = 0 and run_at <= ${now}
      order by run_at limit 1000 ${skip}) and state = 'pending'
    returning agent`.execute(trx);
  const next = await sql<{
    readonly due: number | null;
  }>`select min(run_at) as due from dagger_tasks
    where state = 'pending' and waiting = 0`.execute(trx);
  return {
    agents: rows.map(({ agent }) => agent),
    next: next.rows[0]?.due ?? undefined,
  };
};
