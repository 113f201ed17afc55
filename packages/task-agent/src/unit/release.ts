import { HELD_WITH_JOB } from '../lifecycle/reason.ts';
import { sql } from 'kysely';
import { each, among } from '@dagger/core/kernel';
import { states } from '../store/states-sql.ts';
import type { Unit } from './unit.ts';

interface Released {
  readonly id: string;
  readonly job_id: string;
  readonly agent: string;
  readonly state: string;
  readonly waiting: number;
  readonly run_at: number;
}

/** It must not run twice without a decision, whatever it waited for. */
const CRASHED = `(state = 'blocked' and coalesce(reason, '') like '{"kind":"crash"%')`;

/** What a dependency that has ended means for those that wait: one less, and those that wait for nothing more may run. */
const ONE_LESS = sql`
  waiting = waiting - d.n,
  state = case when state <> 'paused' and waiting = d.n and not ${sql.raw(CRASHED)}
    then case when run_at > d.now then 'pending' else 'ready' end else state end,
  reason = case when state = 'blocked' and waiting = d.n and not ${sql.raw(CRASHED)} then null else reason end`;

const WAITING = states(['pending', 'blocked', 'paused']);

const RETURNING = sql`returning dagger_tasks.id, dagger_tasks.job_id, dagger_tasks.agent, dagger_tasks.state,
  dagger_tasks.waiting, dagger_tasks.run_at`;

/** Tells the tasks that wait for these that they have ended; whether with success does not matter any more. */
export const releaseDependents = async (unit: Unit, endedIds: readonly string[]): Promise<void> => {
  if (endedIds.length === 0) return;
  const { abilities } = unit.storage;
  const { rows } = await sql<Released>`update dagger_tasks set ${ONE_LESS}
    from (select task_id, count(*) as n, cast(${unit.now} as bigint) as now from dagger_task_edges
      where needs ${among(abilities, endedIds)} group by task_id) as d
    where dagger_tasks.id = d.task_id and state in ${WAITING} ${RETURNING}`.execute(unit.trx);
  await note(unit, rows);
};

/** The same where it is known already how many dependencies of each task have ended. */
export const releaseCounted = async (
  unit: Unit,
  counts: readonly (readonly [taskId: string, ended: number])[],
): Promise<void> => {
  if (counts.length === 0) return;
  const { abilities } = unit.storage;
  const { rows } = await sql<Released>`update dagger_tasks set ${ONE_LESS}
    from (select c0 as task_id, c1 as n, cast(${unit.now} as bigint) as now
      from ${each(abilities, ['text', 'number'], counts)}) as d
    where dagger_tasks.id = d.task_id and state in ${WAITING} ${RETURNING}`.execute(unit.trx);
  await note(unit, rows);
};

const note = async (unit: Unit, rows: readonly Released[]): Promise<void> => {
  const held: string[] = [];
  for (const { id, job_id, agent, state, waiting, run_at } of rows) {
    if (waiting > 0 || state === 'paused' || state === 'blocked') continue;
    if (unit.job(job_id).status === 'paused') {
      held.push(id);
      continue;
    }
    unit.change(job_id, { movable: 1 });
    if (state === 'ready') unit.ready.add(agent);
    else unit.due.push(run_at);
  }
  if (held.length > 0) await holdReleased(unit, held);
};

/** In a paused job nothing becomes ready. */
const holdReleased = async (unit: Unit, ids: readonly string[]): Promise<void> => {
  await sql`update dagger_tasks set state = 'paused', reason = ${HELD_WITH_JOB}
    where id ${among(unit.storage.abilities, ids)}`.execute(unit.trx);
};
