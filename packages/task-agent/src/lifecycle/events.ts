import type { ErrorData } from '@dagger/core';
import type { JobStatus } from './states.ts';

/** What the history of a job says; each is committed together with what it tells of. */
export type JobLogEvent =
  | {
      readonly type: 'TaskAdded';
      readonly taskId: string;
      readonly agent: string;
      readonly by: string | null;
    }
  | { readonly type: 'DependencyAdded'; readonly taskId: string; readonly needs: readonly string[] }
  | {
      readonly type: 'TaskBlocked';
      readonly taskId: string;
      readonly needs: readonly string[];
      readonly message?: string;
    }
  | {
      readonly type: 'TaskRetrying';
      readonly taskId: string;
      readonly attempt: number;
      readonly delayMs: number;
      readonly error: ErrorData;
    }
  | {
      readonly type: 'TaskCrashed';
      readonly taskId: string;
      readonly worker: string;
      readonly next: string;
    }
  | { readonly type: 'TaskCompleted'; readonly taskId: string }
  | { readonly type: 'TaskFailed'; readonly taskId: string; readonly error: ErrorData }
  | { readonly type: 'TaskSkipped'; readonly taskId: string; readonly because: string }
  | { readonly type: 'TaskCancelled'; readonly taskId: string; readonly reason: string }
  | { readonly type: 'TaskInReview'; readonly taskId: string; readonly reviewer: string | null }
  | { readonly type: 'TaskAccepted'; readonly taskId: string; readonly by: string }
  /** `again`: it was sent back; otherwise the rejection is final. */
  | {
      readonly type: 'TaskRejected';
      readonly taskId: string;
      readonly by: string;
      readonly reason: string;
      readonly again: boolean;
    }
  | { readonly type: 'TaskPaused'; readonly taskId: string; readonly reason: string | null }
  | { readonly type: 'TaskResumed'; readonly taskId: string }
  | { readonly type: 'TaskReopened'; readonly taskId: string; readonly by: string | null }
  | {
      readonly type: 'JobStalled';
      readonly stall: number;
      readonly reason: StallKind;
      readonly action: string;
    }
  | { readonly type: 'JobWaiting'; readonly tasks: readonly string[] }
  | { readonly type: 'JobPaused'; readonly reason: string | null }
  | { readonly type: 'JobResumed' }
  | { readonly type: 'JobSealed' }
  | { readonly type: 'JobFinished'; readonly status: JobStatus; readonly error: ErrorData | null };

/** `nothing_can_move` is known at the commit that caused it, `no_progress` after a time. */
export type StallKind = 'nothing_can_move' | 'no_progress';

/** What only the process sees in which it happens. */
export type LiveTaskEvent =
  | { readonly type: 'TaskStarted'; readonly taskId: string; readonly attempt: number }
  | {
      readonly type: 'TaskProgress';
      readonly taskId: string;
      readonly fraction: number;
      readonly message: string | null;
    };

/** An event of a job as watchers see it; `at` is an ISO 8601 time. */
export type JobEvent = (JobLogEvent | LiveTaskEvent) & {
  readonly jobId: string;
  readonly at: string;
};
