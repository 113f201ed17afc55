import type { CoreTables } from '@dagger/core';

/** The tables of tasks. Times are milliseconds since the Unix epoch, JSON is text. */
export interface TaskTables extends CoreTables {
  readonly dagger_jobs: JobRow;
  readonly dagger_tasks: TaskRow;
  readonly dagger_task_edges: EdgeRow;
  readonly dagger_job_log: LogRow;
  readonly dagger_job_state: StateRow;
  readonly dagger_workers: WorkerRow;
}

export interface JobRow {
  readonly id: string;
  readonly title: string | null;
  /** A `JobStatus`. */
  readonly status: string;
  /** A `JobConfig` as JSON. */
  readonly config: string;
  /** 1 while tasks may still be added although none is unfinished. */
  readonly open: number;
  /** Tasks in all. */
  readonly total: number;
  /** Tasks that have not ended. */
  readonly unfinished: number;
  /** Tasks that move by themselves: ready, in progress, or pending until a time. */
  readonly movable: number;
  /** Tasks that ended as failed or rejected. */
  readonly failed: number;
  readonly tokens: number;
  /** The number of the last row of its log. */
  readonly seq: number;
  /** How often it has stalled. */
  readonly stalls: number;
  readonly created_at: number;
  /** When a task last changed its state. */
  readonly progressed_at: number;
  /** Milliseconds without progress after which it has stalled; null: never by time. */
  readonly stall_after_ms: number | null;
  /** When it is to have ended; null: whenever. */
  readonly due_at: number | null;
  readonly finished_at: number | null;
  readonly error: string | null;
}

export interface TaskRow {
  /** The ids of the job and of the parents, and the key, with slashes between. */
  readonly id: string;
  readonly job_id: string;
  readonly parent_id: string | null;
  readonly agent: string;
  /** A `TaskType`. */
  readonly type: string;
  /** A `TaskState`. */
  readonly state: string;
  readonly title: string | null;
  readonly input: string;
  readonly output: string | null;
  /** `ErrorData` of the last failure. */
  readonly error: string | null;
  /** A `StoredReason`: why it is blocked, paused, skipped or cancelled. */
  readonly reason: string | null;
  /** `TaskOptions` that differ from the defaults. */
  readonly options: string | null;
  readonly priority: number;
  /** The priority with which it is taken: its own, or that of a task that waits for it. */
  readonly rank: number;
  /** Grows with each task made: its time of creation times 2,048, and a counter. */
  readonly ord: number;
  /** 0 for a task without a parent. */
  readonly depth: number;
  /** Dependencies that have not ended. */
  readonly waiting: number;
  /** 1 when other tasks depend on it. */
  readonly blocking: number;
  /** Not before this time. */
  readonly run_at: number;
  /** How often it was claimed. Every write of an attempt carries it. */
  readonly fence: number;
  readonly failures: number;
  readonly crashes: number;
  readonly rejections: number;
  readonly worker: string | null;
  readonly timeout_ms: number | null;
  readonly started_at: number | null;
  readonly finished_at: number | null;
  /** When the attempt last gave a sign of progress. */
  readonly beat_at: number | null;
  /** When the attempt is to have ended. */
  readonly deadline: number | null;
  /** What the attempt said last of its progress, as JSON. */
  readonly progress: string | null;
}

/** That a task needs another. */
export interface EdgeRow {
  /** The task that is needed. */
  readonly needs: string;
  /** The task that waits for it. */
  readonly task_id: string;
  readonly job_id: string;
  /** An `OnDependencyFailure`. */
  readonly on_failure: string;
}

/** What one transaction did to a job, as a JSON list of events. */
export interface LogRow {
  readonly job_id: string;
  /** From 1, without gaps. */
  readonly seq: number;
  readonly at: number;
  readonly body: string;
}

/** A shared value of a job. */
export interface StateRow {
  readonly job_id: string;
  readonly key: string;
  readonly value: string;
}

/** A process that runs agents. */
export interface WorkerRow {
  /** `host#pid#start#nonce` */
  readonly id: string;
  /** The names of its agents, as a JSON list. */
  readonly agents: string;
  readonly slots: number;
  readonly started_at: number;
  /** Presumed dead after this. */
  readonly lease_until: number;
}
