import { DaggerError, toErrorData, type ErrorData } from '@dagger/core';
import { sql } from 'kysely';
import { spread, type Consequence, type Setback, type WaitingEdge } from '../graph/spread.ts';
import { writeReason } from '../lifecycle/reason.ts';
import { each, among } from '@dagger/core/kernel';
import { states } from '../store/states-sql.ts';
import type { OnDependencyFailure } from '../spec/task-spec.ts';
import { releaseCounted } from './release.ts';
import type { Unit } from './unit.ts';

/** A task that has just ended without success. */
export interface Ended {
  readonly id: string;
  readonly jobId: string;
  readonly setback: Setback;
}

interface DownRow {
  readonly needs: string;
  readonly task_id: string;
  readonly on_failure: string;
}

/**
 * What follows from tasks that ended without success: those that need them end too or go on, as their edges say, and so on
 * downstream; and a job that stops at a failure is cancelled. The rows of the tasks themselves are written already.
 * @param when `earlier`: those that go on all the same have been told already, and so has the job
 */
export const followSetbacks = async (
  unit: Unit,
  ended: readonly Ended[],
  when: 'now' | 'earlier' = 'now',
): Promise<void> => {
  if (ended.length === 0) return;
  const jobOf = new Map(ended.map(({ id, jobId }) => [id, jobId]));
  const edges = await downstream(unit, [...jobOf.keys()]);
  const { consequences, ended: goingOn } = spread(
    new Map(ended.map(({ id, setback }) => [id, setback])),
    when === 'now'
      ? edges
      : edges.filter(({ needs, onFailure }) => !(jobOf.has(needs) && onFailure === 'continue')),
  );
  for (const { taskId, because } of consequences) jobOf.set(taskId, jobOf.get(because) as string);
  await write(unit, consequences, jobOf);
  await releaseCounted(unit, goingOn);
  for (const { jobId, setback } of ended)
    if (
      when === 'now' &&
      (setback === 'failed' || setback === 'rejected') &&
      unit.job(jobId).settings.onFailure === 'stop'
    )
      unit.stop(jobId);
};

/** The edges that lead downstream to unfinished tasks, past those that would end too. */
const downstream = async (unit: Unit, ids: readonly string[]): Promise<WaitingEdge[]> => {
  const unfinished = states(['pending', 'blocked', 'paused']);
  const { rows } = await sql<DownRow>`with recursive down(needs, task_id, on_failure) as (
      select e.needs, e.task_id, e.on_failure from dagger_task_edges as e
        join dagger_tasks as t on t.id = e.task_id
        where e.needs ${among(unit.storage.abilities, ids)} and t.state in ${unfinished}
      union
      select e.needs, e.task_id, e.on_failure from down as d
        join dagger_task_edges as e on e.needs = d.task_id
        join dagger_tasks as t on t.id = e.task_id
        where d.on_failure <> 'continue' and t.state in ${unfinished})
    select needs, task_id, on_failure from down`.execute(unit.trx);
  return rows.map(({ needs, task_id, on_failure }) => ({
    needs,
    taskId: task_id,
    onFailure: on_failure as OnDependencyFailure,
  }));
};

const dependencyFailed = ({ taskId, because, origin }: Consequence): ErrorData =>
  toErrorData(
    new DaggerError(
      'DEPENDENCY_FAILED',
      `task '${because}', which it needs, did not succeed${origin === because ? '' : ` because '${origin}' did not`}`,
      { ids: { taskId } },
    ),
  );

const write = async (
  unit: Unit,
  consequences: readonly Consequence[],
  jobOf: ReadonlyMap<string, string>,
): Promise<void> => {
  if (consequences.length === 0) return;
  const rows = consequences.map((consequence) => {
    const { taskId, becomes, because, origin } = consequence;
    const error = becomes === 'failed' ? dependencyFailed(consequence) : null;
    const jobId = jobOf.get(taskId) as string;
    unit.change(jobId, { unfinished: -1, ...(becomes === 'failed' ? { failed: 1 } : {}) });
    unit.log(
      jobId,
      error !== null
        ? { type: 'TaskFailed', taskId, error }
        : becomes === 'skipped'
          ? { type: 'TaskSkipped', taskId, because }
          : { type: 'TaskCancelled', taskId, reason: `'${because}' was cancelled` },
    );
    const reason = writeReason({ kind: 'dependency', taskId: because, state: becomes, origin });
    return [taskId, becomes, error === null ? null : JSON.stringify(error), reason];
  });
  await sql`update dagger_tasks set state = e.c1, error = e.c2, reason = e.c3, finished_at = ${unit.now}
    from ${each(unit.storage.abilities, ['text', 'text', 'text', 'text'], rows)}
    where dagger_tasks.id = e.c0`.execute(unit.trx);
};
