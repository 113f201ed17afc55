import { HELD_WITH_JOB } from '../lifecycle/reason.ts';
import { sql } from 'kysely';
import { isEnd, isSuccess, mustAllow, type TaskState, UNFINISHED } from '../lifecycle/states.ts';
import { isJobOver, type JobStatus } from '../lifecycle/states.ts';
import { each, among } from '@dagger/core/kernel';
import { states } from '../store/states-sql.ts';
import type { TaskRow } from '../store/tables.ts';
import { COUNTED } from './counted.ts';
import { refuseReopenedCycle } from './cycles.ts';
import { isMovable } from './movable.ts';
import type { Unit } from './unit.ts';

export interface Reopening {
  /** A new input, as JSON. Default: the old one. */
  readonly input?: string;
  /** The task that asks for it; null for a person. */
  readonly by: string | null;
}

interface Below {
  readonly id: string;
  readonly state: TaskState;
  readonly waiting: number;
  readonly agent: string;
}

/**
 * Has a task done again that ended without success, or that is blocked by a crash or by its own word; and with it what
 * ended because of it. All budgets begin anew. A job that has ended goes on.
 * @throws DaggerError TASK_STATE, TASK_CYCLE
 */
export const reopenTask = async (
  unit: Unit,
  task: TaskRow,
  { input, by }: Reopening,
): Promise<readonly string[]> => {
  const state = task.state as TaskState;
  if (unit.again && !isEnd(state) && state !== 'blocked') return [];
  mustAllow('reopen', state, task.id);
  const jobId = task.job_id;
  const tasks = await withConsequences(unit, task);
  if (input !== undefined)
    await unit.trx.updateTable('dagger_tasks').set({ input }).where('id', '=', task.id).execute();
  const ids = tasks.map(({ id }) => id);
  await letPass(unit, task.id);
  // Each waits for those of its dependencies that have not ended now, which those that are reopened have not.
  await sql`update dagger_tasks set state = 'pending', waiting = 1, output = null, error = null, reason = null,
      run_at = 0, failures = 0, crashes = 0, rejections = 0, finished_at = null, progress = null
    where id ${among(unit.storage.abilities, ids)}`.execute(unit.trx);
  const { rows: counts } = await sql<{ readonly id: string; readonly n: number }>`
    select t.id as id, cast(count(n.id) as bigint) as n from dagger_tasks as t
      left join dagger_task_edges as e on e.task_id = t.id
      left join dagger_tasks as n on n.id = e.needs and n.state in ${states(UNFINISHED)}
    where t.id ${among(unit.storage.abilities, ids)} group by t.id`.execute(unit.trx);
  await refuseReopenedCycle(unit, ids);
  const isHeld = unit.job(jobId).status === 'paused';
  const after = new Map(
    counts.map(({ id, n }) => [id, n > 0 ? 'pending' : isHeld ? 'paused' : 'ready'] as const),
  );
  await sql`update dagger_tasks set state = e.c1, waiting = e.c2,
      reason = case when e.c1 = 'paused' then ${HELD_WITH_JOB} else null end
    from ${each(
      unit.storage.abilities,
      ['text', 'text', 'number'],
      counts.map(({ id, n }) => [id, after.get(id) ?? 'pending', n]),
    )}
    where dagger_tasks.id = e.c0`.execute(unit.trx);
  for (const before of tasks) {
    const becomes = after.get(before.id) ?? 'pending';
    unit.change(jobId, {
      unfinished: isEnd(before.state) ? 1 : 0,
      failed: before.state === 'failed' || before.state === 'rejected' ? -1 : 0,
      movable: Number(becomes === 'ready') - Number(isMovable(before.state, before.waiting)),
    });
    unit.log(jobId, { type: 'TaskReopened', taskId: before.id, by });
    if (becomes === 'ready') unit.ready.add(before.agent);
  }
  await holdDependents(unit, jobId, tasks);
  if (isJobOver(unit.job(jobId).status as JobStatus))
    await unit.setJob(jobId, { status: 'running', error: null, finished_at: null });
  return ids;
};

/** It is done although tasks that it needs did not succeed; whoever wants it so knows that. */
const letPass = async (unit: Unit, taskId: string): Promise<void> => {
  await sql`update dagger_task_edges set on_failure = 'continue' where task_id = ${taskId} and on_failure <> 'continue'
    and needs in (select id from dagger_tasks where state in ${states(SETBACKS)})`.execute(
    unit.trx,
  );
};

/** What went on although the tasks had ended, and has not begun, waits for them again. */
const holdDependents = async (
  unit: Unit,
  jobId: string,
  reopened: readonly Below[],
): Promise<void> => {
  const { abilities } = unit.storage;
  const ended = reopened.filter(({ state }) => isEnd(state)).map(({ id }) => id);
  if (ended.length === 0) return;
  const { rows } = await sql<
    Pick<Below, 'id' | 'state' | 'waiting'>
  >`select id, state, waiting from dagger_tasks
    where state in ${states(['pending', 'blocked', 'paused'])}
      and id in (select task_id from dagger_task_edges where needs ${among(abilities, ended)})
      and not id ${among(
        abilities,
        reopened.map(({ id }) => id),
      )}`.execute(unit.trx);
  if (rows.length === 0) return;
  await sql`update dagger_tasks set waiting = ${COUNTED} where id ${among(
    abilities,
    rows.map(({ id }) => id),
  )}`.execute(unit.trx);
  unit.change(jobId, {
    movable: -rows.filter(({ state, waiting }) => isMovable(state, waiting)).length,
  });
};

const SETBACKS: readonly TaskState[] = ['failed', 'rejected', 'cancelled', 'skipped'];

/** The task, and what ended because it did and because of nothing else. */
const withConsequences = async (unit: Unit, task: TaskRow): Promise<readonly Below[]> => {
  const own = {
    id: task.id,
    state: task.state as TaskState,
    waiting: task.waiting,
    agent: task.agent,
  };
  if (!isEnd(own.state) || isSuccess(own.state)) return [own];
  const { rows } = await sql<Below>`with recursive below(id) as (
      select e.task_id from dagger_task_edges as e join dagger_tasks as t on t.id = e.task_id
        where e.needs = ${task.id} and e.on_failure <> 'continue' and t.state in ${states(['failed', 'cancelled', 'skipped'])}
      union
      select e.task_id from below as b join dagger_task_edges as e on e.needs = b.id
        join dagger_tasks as t on t.id = e.task_id
        where e.on_failure <> 'continue' and t.state in ${states(['failed', 'cancelled', 'skipped'])})
    select t.id, t.state, t.waiting, t.agent from below as b join dagger_tasks as t on t.id = b.id
    where t.id <> ${task.id} and t.reason like '{"kind":"dependency"%'`.execute(unit.trx);
  return [own, ...(await withoutOtherCause(unit, task.id, rows))];
};

/** Those that would only end again, because of a task that is not reopened, stay as they are. */
const withoutOtherCause = async (
  unit: Unit,
  taskId: string,
  below: readonly Below[],
): Promise<readonly Below[]> => {
  if (below.length === 0) return [];
  const { rows: bad } = await sql<{ readonly needs: string; readonly task_id: string }>`
    select e.needs, e.task_id from dagger_task_edges as e join dagger_tasks as n on n.id = e.needs
    where e.on_failure <> 'continue' and n.state in ${states(SETBACKS)} and e.task_id ${among(
      unit.storage.abilities,
      below.map(({ id }) => id),
    )}`.execute(unit.trx);
  const reopened = new Map(below.map((task) => [task.id, task]));
  const needed = grouped(bad, ({ task_id }) => task_id);
  const dependents = grouped(bad, ({ needs }) => needs);
  const line = below.map(({ id }) => id);
  for (let at = 0; at < line.length; at++) {
    const id = line[at] as string;
    const isKept = (needed.get(id) ?? []).every(
      ({ needs }) => needs === taskId || reopened.has(needs),
    );
    if (isKept || !reopened.delete(id)) continue;
    for (const { task_id } of dependents.get(id) ?? []) line.push(task_id);
  }
  return [...reopened.values()];
};

const grouped = <T>(items: readonly T[], keyOf: (item: T) => string): ReadonlyMap<string, T[]> => {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
};
