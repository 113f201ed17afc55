import { DaggerError, toErrorData } from '@dagger/core';
import { readReason, writeReason } from '../lifecycle/reason.ts';
import { mustAllow, type TaskState } from '../lifecycle/states.ts';
import { readOptions } from '../spec/task-spec.ts';
import type { TaskRow } from '../store/tables.ts';
import { COUNTED } from './counted.ts';
import { followSetbacks } from './end-tasks.ts';
import { releaseDependents } from './release.ts';
import type { Unit } from './unit.ts';

/** What a reviewer says of an output. */
export type Review =
  | { readonly accept: true; readonly reason?: string }
  | {
      readonly accept: false;
      /** What is wrong; the next attempt gets it as `ctx.feedback`. */
      readonly reason: string;
      /** Not to be done again. Default: when it was sent back `maxRejections` times. */
      readonly final?: boolean;
    };

const DEFAULT_MAX_REJECTIONS = 3;

/** @param by who says so: a task of a reviewing agent, or a person */
export const settleReview = async (
  unit: Unit,
  taskId: string,
  review: Review,
  by: string,
): Promise<void> => {
  const task = await unit.trx
    .selectFrom('dagger_tasks')
    .selectAll()
    .where('id', '=', taskId)
    .executeTakeFirst();
  // The reviewer was slower than somebody else: whoever came first has decided.
  if (task === undefined || task.state !== 'in_review') return;
  await decide(unit, task, review, by);
};

/** The lock of the job must be held. @throws DaggerError TASK_STATE */
export const decide = async (
  unit: Unit,
  task: TaskRow,
  review: Review,
  by: string,
): Promise<void> => {
  const after: TaskState = review.accept ? 'accepted' : 'rejected';
  if (unit.again && (task.state === after || readReason(task.reason)?.kind === 'sent back')) return;
  mustAllow(review.accept ? 'accept' : 'reject', task.state as TaskState, task.id);
  if (review.accept) await accept(unit, task, by);
  else {
    const { maxRejections = DEFAULT_MAX_REJECTIONS } = readOptions(task.options);
    const isFinal = review.final ?? task.rejections >= maxRejections;
    unit.log(task.job_id, {
      type: 'TaskRejected',
      taskId: task.id,
      by,
      reason: review.reason,
      again: !isFinal,
    });
    await (isFinal ? reject(unit, task, review.reason) : sendBack(unit, task, review.reason));
  }
};

const accept = async (unit: Unit, task: TaskRow, by: string): Promise<void> => {
  await unit.trx
    .updateTable('dagger_tasks')
    .set({ state: 'accepted', reason: null, finished_at: unit.now })
    .where('id', '=', task.id)
    .execute();
  unit.change(task.job_id, { unfinished: -1 });
  unit.log(task.job_id, { type: 'TaskAccepted', taskId: task.id, by });
  if (task.blocking !== 0) await releaseDependents(unit, [task.id]);
};

const sendBack = async (unit: Unit, task: TaskRow, message: string): Promise<void> => {
  const isHeld = unit.job(task.job_id).status === 'paused';
  await unit.trx
    .updateTable('dagger_tasks')
    .set({
      state: isHeld ? 'paused' : 'ready',
      ...(isHeld ? { waiting: COUNTED } : {}),
      rejections: task.rejections + 1,
      options: withFeedback(task, message),
      error: JSON.stringify(rejection(task.id, message)),
      reason: writeReason(
        isHeld ? { kind: 'paused', was: 'pending', message: null } : { kind: 'sent back', message },
      ),
    })
    .where('id', '=', task.id)
    .execute();
  if (isHeld) return;
  unit.change(task.job_id, { movable: 1 });
  unit.ready.add(task.agent);
};

const reject = async (unit: Unit, task: TaskRow, message: string): Promise<void> => {
  await unit.trx
    .updateTable('dagger_tasks')
    .set({
      state: 'rejected',
      rejections: task.rejections + 1,
      options: withFeedback(task, message),
      error: JSON.stringify(rejection(task.id, message)),
      reason: null,
      finished_at: unit.now,
    })
    .where('id', '=', task.id)
    .execute();
  unit.change(task.job_id, { unfinished: -1, failed: 1 });
  await followSetbacks(unit, [{ id: task.id, jobId: task.job_id, setback: 'rejected' }]);
};

const withFeedback = ({ options }: TaskRow, feedback: string): string =>
  JSON.stringify({ ...readOptions(options), feedback });

const rejection = (taskId: string, message: string): ReturnType<typeof toErrorData> =>
  toErrorData(new DaggerError('TASK_REJECTED', message, { ids: { taskId } }));
