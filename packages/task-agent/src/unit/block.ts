import { DaggerError, toErrorData } from '@dagger/core';
import { sql } from 'kysely';
import { writeReason, HELD_WITH_JOB } from '../lifecycle/reason.ts';
import { states } from '../store/states-sql.ts';
import type { DraftNeed, TaskDraft } from '../spec/draft.ts';
import { writeEdges } from './add-edges.ts';
import { addTasks } from './add-tasks.ts';
import { followSetbacks } from './end-tasks.ts';
import { failForGood } from './fail.ts';
import { ownTask, type Grip } from './own-task.ts';
import { writeState, type StateWrite } from './state-writes.ts';
import type { Unit } from './unit.ts';

/** What an attempt asks for when it cannot go on. */
export interface BlockRequest {
  /** Tasks to be added first. */
  readonly drafts: readonly TaskDraft[];
  /** What it waits for, the new tasks included. */
  readonly needs: readonly DraftNeed[];
  /** Why it cannot go on where it waits for no task: a person or a planner decides. */
  readonly message: string | undefined;
  readonly writes: readonly StateWrite[];
  readonly tokens: number;
}

interface Unended {
  readonly needs: string;
  readonly on_failure: string;
  readonly state: string;
}

/**
 * One step: adds tasks, makes the task depend on them and on any others, and gives back its slot and its lease. It is run
 * again when what it waits for has ended; that counts as no attempt. Where all of it has ended already, it is ready at
 * once.
 * @throws DaggerError TASK_LOST, and as `addTasks` and `writeEdges` do
 */
export const blockTask = async (unit: Unit, grip: Grip, request: BlockRequest): Promise<void> => {
  const task = await ownTask(unit, grip);
  const { job_id: jobId, id } = task;
  const { maxRuns } = unit.job(jobId).settings.limits;
  if (task.fence >= maxRuns) {
    const message = `task '${id}' was taken up ${task.fence} times and wants to wait again; maxRuns of its job is ${maxRuns}`;
    await failForGood(unit, task, toErrorData(new DaggerError('LIMIT_REACHED', message)));
    return;
  }
  await addTasks(unit, jobId, request.drafts, { by: id });
  await writeEdges(unit, task, request.needs);
  await writeState(unit, jobId, request.writes);
  const { rows } = await sql<Unended>`select e.needs, e.on_failure, t.state
    from dagger_task_edges as e join dagger_tasks as t on t.id = e.needs
    where e.task_id = ${id} and (t.state not in ${states(['completed', 'accepted'])})`.execute(
    unit.trx,
  );
  const holding = rows.filter(
    ({ state, on_failure }) => !isOver(state) || on_failure !== 'continue',
  );
  const waits = holding.length > 0 || request.message !== undefined;
  const ready = unit.job(jobId).status === 'paused' ? 'paused' : 'ready';
  await unit.trx
    .updateTable('dagger_tasks')
    .set({
      state: waits ? 'blocked' : ready,
      waiting: holding.length,
      reason:
        request.message !== undefined
          ? writeReason({ kind: 'agent', message: request.message })
          : !waits && ready === 'paused'
            ? HELD_WITH_JOB
            : null,
      worker: null,
      deadline: null,
      error: null,
    })
    .where('id', '=', id)
    .execute();
  unit.change(jobId, {
    movable: waits || ready === 'paused' ? -1 : 0,
    tokens: request.tokens,
  });
  unit.log(jobId, {
    type: 'TaskBlocked',
    taskId: id,
    needs: holding.map(({ needs }) => needs),
    ...(request.message === undefined ? {} : { message: request.message }),
  });
  if (!waits && ready === 'ready') unit.ready.add(task.agent);
  await followSetbacks(
    unit,
    holding
      .filter(({ state }) => isOver(state))
      .map(({ needs, state }) => ({ id: needs, jobId, setback: state as 'failed' })),
    'earlier',
  );
};

const isOver = (state: string): boolean =>
  state === 'failed' || state === 'rejected' || state === 'cancelled' || state === 'skipped';
