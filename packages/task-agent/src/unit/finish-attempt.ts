import type { Reviewer, StoredOptions } from '../spec/task-spec.ts';
import type { TaskDraft } from '../spec/draft.ts';
import { writeReason } from '../lifecycle/reason.ts';
import { addTasks } from './add-tasks.ts';
import { completeTasks, type Completion } from './complete.ts';
import { lostTask, ownTask } from './own-task.ts';
import { settleReview, type Review } from './review.ts';
import { writeState, type StateWrite } from './state-writes.ts';
import type { Unit } from './unit.ts';

/** An attempt that succeeded, with what goes beyond its output. */
export interface Finish extends Completion {
  readonly writes: readonly StateWrite[];
  readonly tokens: number;
  readonly options: StoredOptions;
  /** The task of the reviewing agent, where there is one. */
  readonly review: TaskDraft | undefined;
  /** What it decided about another task. */
  readonly verdict: Review | undefined;
}

/**
 * Completes one task together with its writes to the shared values, or hands its output to the reviewer.
 * @throws DaggerError TASK_LOST
 */
export const finishAttempt = async (unit: Unit, finish: Finish): Promise<void> => {
  const { taskId, jobId, writes, tokens, options, review, verdict } = finish;
  await ownTask(unit, finish);
  await writeState(unit, jobId, writes);
  if (tokens > 0) unit.change(jobId, { tokens });
  if (options.review !== undefined) {
    await submit(unit, finish, options.review, review);
    return;
  }
  if (!(await completeTasks(unit, [finish])).has(taskId)) throw lostTask(taskId);
  if (options.reviews !== undefined && verdict !== undefined)
    await settleReview(unit, options.reviews, verdict, taskId);
};

const submit = async (
  unit: Unit,
  { taskId, jobId, output }: Finish,
  reviewer: Reviewer,
  review: TaskDraft | undefined,
): Promise<void> => {
  const by = reviewer === 'person' ? null : reviewer.agent;
  await unit.trx
    .updateTable('dagger_tasks')
    .set({
      state: 'in_review',
      output,
      error: null,
      reason: writeReason({ kind: 'review', reviewer: by }),
      worker: null,
      deadline: null,
    })
    .where('id', '=', taskId)
    .execute();
  unit.change(jobId, { movable: -1 });
  unit.log(jobId, { type: 'TaskInReview', taskId, reviewer: by });
  if (review !== undefined) await addTasks(unit, jobId, [review], { by: taskId });
};
