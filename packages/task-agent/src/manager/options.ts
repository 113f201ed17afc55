import type { Clock, Ids, Logger, Storage } from '@dagger/core';
import type { AnyTaskAgent } from '../agent/agent.ts';
import type { AgentRegistry } from '../agent/registry.ts';
import type { JobStallAction } from '../spec/job-spec.ts';
import type { StallReport } from '../unit/stall.ts';

/** What the manager does about a job that has stalled and says nothing of it itself. */
export type StallOptionsAction =
  | JobStallAction
  /**
   * Calls the program, in the process that noticed it, after the stall is committed; where that process has no handler, the
   * job waits.
   */
  | { readonly type: 'Custom'; readonly handle: (report: StallReport) => void | Promise<void> };

export interface StallOptions {
  /** See `JobStall.afterSeconds`. */
  readonly afterSeconds?: number;
  /** Default `TerminateJob`. */
  readonly action?: StallOptionsAction;
}

export interface TaskManagerOptions {
  /** An adapter's value such as `sqlite('tasks.db')`, or a URL such as `sqlite:tasks.db`. */
  readonly storage: Storage | string;
  /** The agents that this process runs. Default: none. */
  readonly agents?: AgentRegistry | readonly AnyTaskAgent[];
  /** Names of agents that only other workers run; tasks may name them. */
  readonly remoteAgents?: readonly string[];
  /** Whether this process takes tasks. Default: when it has agents. */
  readonly work?: boolean;
  /** Tasks that run at the same time in this process. Default 50. */
  readonly concurrency?: number;
  /**
   * Tasks that may be taken beyond the free slots, so that short ones need not wait for a commit each. It takes at most
   * twice as many as it finished since it took the last ones. Default 500; 0 takes only what begins at once.
   */
  readonly maxPrefetch?: number;
  /** Seconds for an attempt whose task and agent say nothing. Default 3,600. */
  readonly timeout?: number;
  readonly stall?: StallOptions;
  /** Seconds that `close` waits for tasks that run. Default 10. */
  readonly drainSeconds?: number;
  /**
   * Milliseconds between two looks for tasks that nobody told of. Default 1,000 where the storage can tell, else 100.
   */
  readonly pollMs?: number;
  /** Whether a thread keeps the lease alive, so that agents may hold up the event loop. Default true. */
  readonly heartbeatThread?: boolean;
  /** Characters of JSON that an input or an output may have. Default 16,777,216. */
  readonly maxValueBytes?: number;
  /** Passed to every agent as `appData`. */
  readonly appData?: unknown;
  readonly logger?: Logger;
  readonly clock?: Clock;
  readonly ids?: Ids;
}
