import { TRANSITIONS, type Cause, type JobLogEvent, type TaskState } from '@dagger/tasks';

/** A change of a task's row, as the database wrote it down. */
export interface Move {
  readonly n: number;
  readonly id: string;
  readonly job: string;
  readonly agent: string;
  /** Null when the task was added. */
  readonly old: TaskState | null;
  readonly new: TaskState;
  readonly old_fence: number;
  readonly fence: number;
  readonly old_worker: string | null;
  readonly worker: string | null;
  readonly on_crash: string | null;
  readonly job_status: string;
  readonly output: string | null;
}

/** What moved a task, as far as the states and the history that was committed with it tell. */
export const causeOf = ({ old, new: now }: Move, told: ReadonlySet<JobLogEvent['type']>): Cause => {
  if (now === 'in_progress') return 'claim';
  if (now === 'completed') return 'complete';
  if (now === 'in_review') return 'submit';
  if (now === 'accepted') return 'accept';
  if (now === 'rejected') return 'reject';
  if (now === 'cancelled') return 'cancel';
  if (now === 'skipped') return 'skip';
  if (old === 'in_progress') {
    if (told.has('TaskCrashed')) return 'crash';
    if (now === 'failed') return 'fail';
    if (told.has('TaskBlocked')) return 'block';
    return told.has('TaskRetrying') ? 'retry' : 'give back';
  }
  if (now === 'failed') return 'fail';
  if (old === 'in_review') return 'send back';
  if (now === 'paused') return 'pause';
  if (old === 'paused') return 'resume';
  if (old === 'ready') return 'hold back';
  if (old === 'pending') return 'release';
  if (old === 'blocked' && !told.has('TaskReopened')) return 'release';
  return 'reopen';
};

/** Whether the state machine has this transition. */
export const isLegal = ({ old, new: now }: Move, cause: Cause): boolean =>
  old !== null && TRANSITIONS[cause].from.includes(old) && TRANSITIONS[cause].to.includes(now);
