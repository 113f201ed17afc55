import type { ErrorData } from '@dagger/core';
import { HELD_WITH_JOB } from '../lifecycle/reason.ts';
import type { TaskRow } from '../store/tables.ts';
import { COUNTED } from './counted.ts';
import { followSetbacks } from './end-tasks.ts';
import { isMovable } from './movable.ts';
import { ownTask, type Grip } from './own-task.ts';
import type { Unit } from './unit.ts';

/** An attempt that failed. */
export interface Failure {
  readonly error: ErrorData;
  /** Milliseconds until the next attempt; undefined when there is none. */
  readonly delay: number | undefined;
  readonly tokens: number;
}

/** Ends a failed attempt: the task is tried again later, or has failed for good. @throws DaggerError TASK_LOST */
export const failAttempt = async (unit: Unit, grip: Grip, failure: Failure): Promise<void> => {
  const row = await ownTask(unit, grip);
  const { error, delay, tokens } = failure;
  unit.change(row.job_id, { tokens });
  if (delay === undefined) {
    await failForGood(unit, row, error);
    return;
  }
  const attempt = row.failures + row.crashes + 1;
  const isHeld = unit.job(row.job_id).status === 'paused';
  const state = isHeld ? 'paused' : delay > 0 ? 'pending' : 'ready';
  const { waiting } = await unit.trx
    .updateTable('dagger_tasks')
    .set({
      state,
      // What it made itself need before it failed.
      ...(state === 'ready' ? {} : { waiting: COUNTED }),
      ...(isHeld ? { reason: HELD_WITH_JOB } : {}),
      run_at: unit.now + delay,
      failures: row.failures + 1,
      error: JSON.stringify(error),
      worker: null,
      deadline: null,
    })
    .where('id', '=', row.id)
    .returning('waiting')
    .executeTakeFirstOrThrow();
  unit.log(row.job_id, { type: 'TaskRetrying', taskId: row.id, attempt, delayMs: delay, error });
  if (!isMovable(state, waiting)) unit.change(row.job_id, { movable: -1 });
  else if (state === 'pending') unit.due.push(unit.now + delay);
  else unit.ready.add(row.agent);
};

/** The task in progress has failed, and so has what needs it. */
export const failForGood = async (unit: Unit, row: TaskRow, error: ErrorData): Promise<void> => {
  await unit.trx
    .updateTable('dagger_tasks')
    .set({
      state: 'failed',
      failures: row.failures + 1,
      error: JSON.stringify(error),
      finished_at: unit.now,
      worker: null,
      deadline: null,
    })
    .where('id', '=', row.id)
    .execute();
  unit.change(row.job_id, { unfinished: -1, movable: -1, failed: 1 });
  unit.log(row.job_id, { type: 'TaskFailed', taskId: row.id, error });
  await followSetbacks(unit, [{ id: row.id, jobId: row.job_id, setback: 'failed' }]);
};
