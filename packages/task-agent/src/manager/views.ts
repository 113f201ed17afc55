import type { ErrorData, JsonValue } from '@dagger/core';
import { sealParsed } from '@dagger/core/kernel';
import { readReason, type StoredReason } from '../lifecycle/reason.ts';
import { isJobOver, type JobStatus, type TaskState } from '../lifecycle/states.ts';
import { timeOf } from '../spec/order.ts';
import { keyIn } from '../spec/task-id.ts';
import { readOptions, type Reviewer, type TaskType } from '../spec/task-spec.ts';
import type { JobRow, TaskRow } from '../store/tables.ts';

/** A task as it stands; JSON-serialisable. Times are ISO 8601. */
export interface TaskView {
  readonly id: string;
  readonly key: string;
  readonly jobId: string;
  readonly parentId: string | null;
  readonly agent: string;
  readonly type: TaskType;
  readonly state: TaskState;
  readonly title: string | null;
  readonly input: JsonValue;
  readonly output: JsonValue | null;
  /** Of the last failure, or of the last rejection. */
  readonly error: ErrorData | null;
  readonly reason: StoredReason | null;
  readonly priority: number;
  /** The priority with which it is taken: that of a task that waits for it, where that is higher. */
  readonly effectivePriority: number;
  /** Dependencies that have not ended. */
  readonly waitsFor: number;
  /** Attempts that failed. */
  readonly failures: number;
  /** Attempts whose worker died. */
  readonly crashes: number;
  readonly rejections: number;
  /** How often it was taken up. */
  readonly runs: number;
  readonly worker: string | null;
  readonly acceptanceCriteria: readonly string[];
  readonly review: Reviewer | null;
  readonly progress: { readonly fraction: number; readonly message: string | null } | null;
  readonly createdAt: string;
  /** When the last attempt began. */
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  /** Not before this time; null: at once. */
  readonly runAt: string | null;
}

const time = (ms: number | null): string | null =>
  ms === null ? null : new Date(ms).toISOString();

const json = <T extends JsonValue>(text: string): T => sealParsed(JSON.parse(text) as T);

export const taskView = (row: TaskRow): TaskView => {
  const options = readOptions(row.options);
  return {
    id: row.id,
    key: keyIn(row.id),
    jobId: row.job_id,
    parentId: row.parent_id,
    agent: row.agent,
    type: row.type as TaskType,
    state: row.state as TaskState,
    title: row.title,
    input: json(row.input),
    output: row.output === null ? null : json(row.output),
    error: row.error === null ? null : (JSON.parse(row.error) as ErrorData),
    reason: readReason(row.reason),
    priority: row.priority,
    effectivePriority: row.rank,
    waitsFor: row.waiting,
    failures: row.failures,
    crashes: row.crashes,
    rejections: row.rejections,
    runs: row.fence,
    worker: row.worker,
    acceptanceCriteria: options.acceptanceCriteria ?? [],
    review: options.review ?? null,
    progress: row.progress === null ? null : json(row.progress),
    createdAt: new Date(timeOf(row.ord)).toISOString(),
    startedAt: time(row.started_at),
    finishedAt: time(row.finished_at),
    runAt: row.run_at > 0 ? time(row.run_at) : null,
  };
};

/** A job as it stands; JSON-serialisable. Times are ISO 8601. */
export interface JobView {
  readonly id: string;
  readonly title: string | null;
  readonly status: JobStatus;
  /** Whether further tasks may come although none is unfinished. */
  readonly open: boolean;
  /** Whether it is not over and nothing in it moves by itself: it waits for people. */
  readonly waiting: boolean;
  /** How many of its tasks have ended, from 0 to 1. */
  readonly progress: number;
  readonly counts: {
    readonly total: number;
    readonly unfinished: number;
    readonly failed: number;
  };
  readonly tokens: number;
  readonly stalls: number;
  readonly error: ErrorData | null;
  readonly createdAt: string;
  /** When something in it last changed. */
  readonly progressedAt: string;
  readonly finishedAt: string | null;
}

export const jobView = (row: JobRow): JobView => ({
  id: row.id,
  title: row.title,
  status: row.status as JobStatus,
  open: row.open !== 0,
  waiting: row.movable === 0 && !isJobOver(row.status as JobStatus),
  progress: row.total === 0 ? 1 : (row.total - row.unfinished) / row.total,
  counts: { total: row.total, unfinished: row.unfinished, failed: row.failed },
  tokens: row.tokens,
  stalls: row.stalls,
  error: row.error === null ? null : (JSON.parse(row.error) as ErrorData),
  createdAt: new Date(row.created_at).toISOString(),
  progressedAt: new Date(row.progressed_at).toISOString(),
  finishedAt: time(row.finished_at),
});

/** What became of a job. */
export interface JobResult {
  readonly jobId: string;
  readonly status: JobStatus;
  readonly success: boolean;
  /** The outputs of the tasks that stand directly below the job and succeeded, by their keys. */
  readonly outputs: { readonly [key: string]: JsonValue };
  readonly error: ErrorData | null;
  readonly counts: JobView['counts'];
  readonly tokens: number;
}
