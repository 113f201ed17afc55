import { sql } from 'kysely';
import { isEnd, isSuccess, mustAllow, type TaskState } from '../lifecycle/states.ts';
import { isJobOver, type JobStatus } from '../lifecycle/states.ts';
import { each, list, states } from '../store/each.ts';
import type { TaskRow } from '../store/tables.ts';
import { isMovable } from './movable.ts';
import { unfinishedNeeds } from './unfinished-needs.ts';
import type { Unit } from './unit.ts';
import { waitAgain } from './wait-again.ts';

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
 * @throws DaggerError TASK_STATE
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
  // Each waits for those of its dependencies that have not ended now, which those that are reopened have not.
  await sql`update dagger_tasks set state = 'pending', waiting = 1, output = null, error = null, reason = null,
      run_at = 0, failures = 0, crashes = 0, rejections = 0, finished_at = null, progress = null
    where id in ${list(unit.storage.abilities, ids)}`.execute(unit.trx);
  const counts = [...(await unfinishedNeeds(unit, ids))];
  const isHeld = unit.job(jobId).status === 'paused';
  const after = new Map(
    counts.map(([id, n]) => [id, n > 0 ? 'pending' : isHeld ? 'paused' : 'ready'] as const),
  );
  await sql`update dagger_tasks set state = e.c1, waiting = e.c2,
      reason = case when e.c1 = 'paused' then ${'{"kind":"paused","was":"pending","message":null}'} else null end
    from ${each(
      unit.storage.abilities,
      ['text', 'text', 'number'],
      counts.map(([id, n]) => [id, after.get(id) ?? 'pending', n]),
    )}
    where dagger_tasks.id = e.c0`.execute(unit.trx);
  await waitAgain(unit, jobId, ids);
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
  if (isJobOver(unit.job(jobId).status as JobStatus))
    await unit.setJob(jobId, { status: 'running', error: null, finished_at: null });
  return ids;
};

/** The task, and what ended because it did. */
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
  return [own, ...rows];
};
