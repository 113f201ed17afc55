import { DaggerError } from '@dagger/core';
import { sql } from 'kysely';
import { mustAllow, type TaskState } from '../lifecycle/states.ts';
import type { DraftNeed } from '../spec/draft.ts';
import { among } from '@dagger/core/kernel';
import { isStorable } from '../store/storable.ts';
import type { TaskRow } from '../store/tables.ts';
import { holdsUp, insertEdges, markBlocking, setbackOf } from './add-tasks.ts';
import { COUNTED } from './counted.ts';
import { refuseCycle } from './cycles.ts';
import { followSetbacks, type Ended } from './end-tasks.ts';
import { isMovable } from './movable.ts';
import { raiseRanks } from './ranks.ts';
import type { Unit } from './unit.ts';

interface Needed {
  readonly id: string;
  readonly state: string;
}

export interface AddedEdges {
  /** The edges that were not there before. */
  readonly fresh: readonly DraftNeed[];
  /** How many of them hold the task up. */
  readonly holding: number;
  /** The fresh ones that have ended in a way that ends the task. */
  readonly setbacks: readonly Ended[];
}

/**
 * Writes that a task needs others of its job. The row of the task is left to the caller. The lock of the job must be held.
 * @throws DaggerError TASK_UNKNOWN, TASK_CYCLE; nothing is written then
 */
export const writeEdges = async (
  unit: Unit,
  task: Pick<TaskRow, 'id' | 'job_id' | 'rank'>,
  needs: readonly DraftNeed[],
): Promise<AddedEdges> => {
  const ids = needs.map(({ id }) => id).filter(isStorable);
  const { abilities } = unit.storage;
  const { rows: there } = await sql<Needed>`select id, state from dagger_tasks
    where job_id = ${task.job_id} and id ${among(abilities, ids)}`.execute(unit.trx);
  const known = new Map(there.map((row) => [row.id, row]));
  const missing = needs.find(({ id }) => !known.has(id))?.id;
  if (missing !== undefined)
    throw new DaggerError(
      'TASK_UNKNOWN',
      `task '${task.id}' cannot need '${missing}': job '${task.job_id}' has no such task`,
      { ids: { taskId: task.id, jobId: task.job_id } },
    );
  const { rows: present } = await sql<{
    readonly needs: string;
  }>`select needs from dagger_task_edges
    where task_id = ${task.id} and needs ${among(abilities, ids)}`.execute(unit.trx);
  const old = new Set(present.map((row) => row.needs));
  const fresh = [...new Map(needs.map((need) => [need.id, need])).values()].filter(
    ({ id }) => !old.has(id),
  );
  await refuseCycle(
    unit,
    task.id,
    fresh.map(({ id }) => id),
  );
  await insertEdges(
    unit,
    fresh.map(({ id, onFailure }) => [id, task.id, task.job_id, onFailure]),
  );
  await markBlocking(
    unit,
    fresh.map(({ id }) => id),
  );
  await raiseRanks(
    unit,
    fresh.map(({ id }) => [id, task.rank] as const),
  );
  return {
    fresh,
    holding: fresh.filter((need) => holdsUp(known.get(need.id)?.state as TaskState, need)).length,
    setbacks: fresh.flatMap((need) => setbackOf(known.get(need.id), need, task.job_id)),
  };
};

/**
 * Makes a task that has not begun, or that is blocked, need others of its job.
 * Gives whether it did not need all of them before.
 * @throws DaggerError TASK_UNKNOWN, TASK_STATE, TASK_CYCLE
 */
export const addDependencies = async (
  unit: Unit,
  seen: TaskRow,
  needs: readonly DraftNeed[],
): Promise<boolean> => {
  unit.openJob(seen.job_id);
  const task = await heldStill(unit, seen);
  const state = task.state as TaskState;
  if (state !== 'in_progress' && state !== 'paused') mustAllow('pause', state, task.id);
  const { fresh, holding, setbacks } = await writeEdges(unit, task, needs);
  if (fresh.length === 0) return false;
  unit.log(task.job_id, {
    type: 'DependencyAdded',
    taskId: task.id,
    needs: fresh.map(({ id }) => id),
  });
  // One in progress counts what it waits for when it blocks.
  if (state === 'in_progress' || holding === 0) return true;
  await unit.trx
    .updateTable('dagger_tasks')
    .set(
      state === 'ready'
        ? { waiting: COUNTED, state: 'pending' }
        : { waiting: task.waiting + holding },
    )
    .where('id', '=', task.id)
    .execute();
  if (isMovable(state, task.waiting)) unit.change(task.job_id, { movable: -1 });
  await followSetbacks(unit, setbacks, 'earlier');
  return true;
};

/** The task as it is until the commit: no worker takes it meanwhile, for the lock of its job keeps none away. */
const heldStill = async (unit: Unit, task: TaskRow): Promise<TaskRow> =>
  unit.storage.abilities.rowLocks
    ? unit.trx
        .selectFrom('dagger_tasks')
        .selectAll()
        .where('id', '=', task.id)
        .forUpdate()
        .executeTakeFirstOrThrow()
    : task;
