import type { Logger } from '../actions/logger.ts';
import type { ActionRegistry } from '../actions/registry.ts';
import type { CacheLimits } from '../cache/limits.ts';
import type { Clock } from '../clock.ts';
import type { DagConfigInput } from '../config/model.ts';
import type { CoordinatorOptions, RunRequest } from '../coordinator/coordinator.ts';
import type { Ids } from '../ids.ts';
import type { RetentionPolicy } from '../storage/retention.ts';
import type { Storage } from '../storage/storage.ts';
import type { Supervisor } from '../supervisor/supervisor.ts';

export interface ExecutorOptions {
  readonly registry: ActionRegistry;
  /** An adapter's value such as `sqlite('runs.db')`, or a URL such as `sqlite:runs.db`. Absent: purely in memory. */
  readonly storage?: Storage | string;
  /** Settings for every run; those of a graph go over them. */
  readonly config?: DagConfigInput;
  /** The planner of agent-driven flows: it serves every run whose graph has a `supervisor_step`, resumed ones too. */
  readonly supervisor?: Supervisor;
  /** Passed to every action and hook as `appData`. */
  readonly appData?: unknown;
  readonly logger?: Logger;
  /** Bounds of the cache of each run that does not bring its own. Default: none. */
  readonly cacheLimits?: CacheLimits;
  /**
   * What is deleted from the storage: when the executor opens, and after its runs, at most once an hour. It happens beside
   * the runs, and what goes wrong with it is logged. Default: everything is kept.
   */
  readonly retention?: RetentionPolicy;
  readonly clock?: Clock;
  readonly ids?: Ids;
}

/** What `run`, `start` and `resume` take beside the graph. */
export interface RunOptions extends Omit<RunRequest, 'dag'>, CoordinatorOptions {
  /** The planner of this run. Default: that of the executor. */
  readonly supervisor?: Supervisor;
}

export interface SendOptions {
  /**
   * Milliseconds to wait until the process that works on the run has taken the command up; then the result is `applied`,
   * and a command that the run refuses is rejected. Default 0: it is left there.
   */
  readonly waitMs?: number;
}

export interface ResumeOptions extends CoordinatorOptions {
  /** The planner of this run. Default: that of the executor. */
  readonly supervisor?: Supervisor;
  readonly signal?: AbortSignal;
}
