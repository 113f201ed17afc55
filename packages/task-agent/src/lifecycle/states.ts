import { DaggerError } from '@dagger/core';

/**
 * Where a task can be.
 *
 * - `pending`: waits for the tasks that it was declared to need, or for a time
 * - `ready`: a worker may take it
 * - `in_progress`: a worker runs its agent
 * - `blocked`: it has run, and waits for tasks that it asked for, or for a decision
 * - `in_review`: its output waits for a reviewer
 * - `paused`: a person holds it
 *
 * The others are ends: `completed` and `accepted` with an output, `failed` and `rejected` with an error, `cancelled`, and
 * `skipped` because a dependency did not succeed.
 */
export type TaskState =
  | 'pending'
  | 'ready'
  | 'in_progress'
  | 'blocked'
  | 'in_review'
  | 'paused'
  | 'completed'
  | 'accepted'
  | 'rejected'
  | 'failed'
  | 'cancelled'
  | 'skipped';

/** What moves a task from one state to another. */
export type Cause =
  | 'release'
  | 'hold back'
  | 'claim'
  | 'give back'
  | 'block'
  | 'retry'
  | 'complete'
  | 'submit'
  | 'accept'
  | 'send back'
  | 'reject'
  | 'fail'
  | 'crash'
  | 'skip'
  | 'pause'
  | 'resume'
  | 'cancel'
  | 'reopen';

/** Where a task is until it has ended. */
export const UNFINISHED: readonly TaskState[] = [
  'pending',
  'ready',
  'in_progress',
  'blocked',
  'in_review',
  'paused',
];

interface Transition {
  readonly from: readonly TaskState[];
  readonly to: readonly TaskState[];
}

/**
 * The state machine of a task: the only transitions there are. In a job that is paused, `paused` stands wherever `ready` does,
 * and `pending` where a task waits only for a time. The SQL that moves tasks takes its conditions from here.
 */
export const TRANSITIONS: { readonly [C in Cause]: Transition } = {
  /** What it waited for has ended, or its time has come. */
  release: { from: ['pending', 'blocked'], to: ['ready'] },
  /** It was made to need another task. */
  'hold back': { from: ['ready'], to: ['pending'] },
  claim: { from: ['ready'], to: ['in_progress'] },
  /** A worker that shuts down, or that had not begun. */
  'give back': { from: ['in_progress'], to: ['ready', 'paused'] },
  /** It waits for other tasks; at once ready where these have ended. */
  block: { from: ['in_progress'], to: ['blocked', 'ready', 'paused'] },
  retry: { from: ['in_progress'], to: ['pending', 'ready', 'paused'] },
  complete: { from: ['in_progress'], to: ['completed'] },
  /** Its output goes to the reviewer. */
  submit: { from: ['in_progress'], to: ['in_review'] },
  accept: { from: ['in_review'], to: ['accepted'] },
  /** The reviewer wants it done again. */
  'send back': { from: ['in_review'], to: ['ready', 'paused'] },
  reject: { from: ['in_review'], to: ['rejected'] },
  fail: { from: ['pending', 'in_progress', 'blocked', 'paused'], to: ['failed'] },
  /** Its worker is gone. */
  crash: { from: ['in_progress'], to: ['ready', 'paused', 'failed', 'blocked'] },
  skip: { from: ['pending', 'blocked', 'paused'], to: ['skipped'] },
  pause: { from: ['pending', 'ready', 'blocked'], to: ['paused'] },
  resume: { from: ['paused'], to: ['pending', 'ready', 'blocked'] },
  cancel: {
    from: UNFINISHED,
    to: ['cancelled'],
  },
  /** A person has it done again. */
  reopen: {
    from: ['failed', 'rejected', 'cancelled', 'skipped', 'blocked'],
    to: ['pending', 'ready', 'paused'],
  },
};

/** The states in which nothing happens to a task any more, unless a person reopens it. */
export const ENDS: readonly TaskState[] = [
  'completed',
  'accepted',
  'rejected',
  'failed',
  'cancelled',
  'skipped',
];

/** The ends with an output. */
export const SUCCESSES: readonly TaskState[] = ['completed', 'accepted'];

export const TASK_STATES: readonly TaskState[] = [...UNFINISHED, ...ENDS];

export const isEnd = (state: TaskState): boolean => ENDS.includes(state);

export const isSuccess = (state: TaskState): boolean =>
  state === 'completed' || state === 'accepted';

/** @throws DaggerError TASK_STATE naming the state, and those from which it would be possible */
export const mustAllow = (cause: Cause, state: TaskState, taskId: string): void => {
  const { from } = TRANSITIONS[cause];
  if (from.includes(state)) return;
  throw new DaggerError(
    'TASK_STATE',
    `task '${taskId}' is ${state}: cannot ${cause} it; that is possible where it is ${from.join(' or ')}`,
    { ids: { taskId } },
  );
};

/** Where the status of a job can be. `running` also while everything waits for people. */
export type JobStatus = 'running' | 'paused' | 'succeeded' | 'failed' | 'cancelled';

export const JOB_STATUSES: readonly JobStatus[] = [
  'running',
  'paused',
  'succeeded',
  'failed',
  'cancelled',
];

export const isJobOver = (status: JobStatus): boolean =>
  status !== 'running' && status !== 'paused';
