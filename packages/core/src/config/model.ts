/** What a failed node means for the run. `halt` is another spelling of `stop`. */
export type OnFailure = 'continue' | 'pause' | 'stop';

/** In which order ready nodes start when there are more of them than free slots. */
export type NodeOrder = 'critical_path' | 'definition';

export type HumanTimeoutAction = 'autopilot' | 'pause';

/** How long to wait before the next attempt; delays in seconds. */
export type RetryStrategy =
  | { readonly type: 'immediate' }
  | { readonly type: 'linear'; readonly delay: number }
  | {
      readonly type: 'exponential';
      readonly initialDelay: number;
      readonly maxDelay: number;
      readonly multiplier: number;
    };

/** The complete settings of a run; times in the unit that the name or the comment says. */
export interface DagConfig {
  /** Attempts of a node in all, unless the node or its action says otherwise. At least 1. Default 3. */
  readonly maxAttempts: number;
  /** Default `pause`. */
  readonly onFailure: OnFailure;
  /** Seconds for the whole run, 1 to 86,400. Default 3,600. */
  readonly timeoutSeconds: number;
  /** Nodes that run at the same time, at least 1. Default 50, which suits I/O. */
  readonly maxParallelNodes: number;
  /** `false` runs one node at a time, in topological order. Default true. */
  readonly enableParallelExecution: boolean;
  /**
   * Which ready nodes start first when there are more than free slots: those with the longest path still before them, as far
   * as durations are known, or those defined first. The results are the same. Default `critical_path`.
   */
  readonly nodeOrder: NodeOrder;
  readonly retryStrategy: RetryStrategy;
  /** Spread each delay at random over [delay/2, delay], so that retries do not come in step. Default true. */
  readonly retryJitter: boolean;
  /** Seconds from the first attempt after which a node is not tried again. Default: no such limit. */
  readonly maxRetryDuration: number | null;
  /** Minutes to wait for a person, 0 to 1,440; null waits without end. Default null. */
  readonly humanWaitMinutes: number | null;
  readonly humanTimeoutAction: HumanTimeoutAction;
  /** Tokens that all actions together may report. Default null: no limit. */
  readonly maxTokens: number | null;
  /** Nodes that a run may have, those that it grows included. Default null: no limit. */
  readonly maxNodes: number | null;
  /** Nodes in the longest chain of dependencies. Default null: no limit. */
  readonly maxDependencyDepth: number | null;
  /** Bytes of JSON that the outputs of one node may have. Default null: no limit. */
  readonly maxOutputBytes: number | null;
  /** Iterations of a supervisor, 1 to 1,000. Default 50. */
  readonly maxIterations: number;
  /** Iterations between two human reviews, at least 1; null for none. Default 5. */
  readonly reviewFrequency: number | null;
  /** Seconds to wait for running actions after a cancellation or a timeout of the run. Default 5. */
  readonly gracePeriod: number;
  /** Whether a long run takes snapshots; what changes is written in any case. Default true. */
  readonly enableIncrementalCache: boolean;
  /** Seconds between two snapshots of the cache, at least 1. Default 60. */
  readonly cacheSnapshotInterval: number;
}

type RetryStrategyInput = RetryStrategy | 'immediate' | 'linear' | 'exponential';

/** Settings as they are written in code: any subset; an absent key keeps the value of the level below. */
export type DagConfigInput = {
  readonly [K in Exclude<keyof DagConfig, 'retryStrategy' | 'onFailure'>]?:
    DagConfig[K] | undefined;
} & {
  readonly retryStrategy?: RetryStrategyInput | undefined;
  readonly onFailure?: OnFailure | 'halt' | undefined;
};
