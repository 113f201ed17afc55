import type {
  AnyAction,
  DagExecutor,
  RunHandle,
  RunOptions,
  RunReport,
  Storage,
} from '@dagger/core';

/** What a scenario is opened with. */
export interface CrashWorld {
  /** A storage whose commits are counted; the process dies at one of them. */
  readonly storage: Storage;
  /** Notes each attempt of the action in a file outside of the storage. Every action of a scenario goes through it, but for
   * those that dagger brings itself. */
  readonly track: <A extends AnyAction>(action: A) => A;
}

/** A run of a scenario. */
export interface CrashRun {
  readonly dag: string;
  readonly runId: string;
  /** Hooks, inputs and so on; made anew in each process. */
  options?(): Omit<RunOptions, 'runId'>;
  /**
   * Takes the run to its end where waiting is not enough, such as by an approval. `begin` starts the run, or goes on with it.
   * Default: begins once and waits for the report.
   */
  drive?(executor: DagExecutor, begin: () => Promise<RunHandle>): Promise<RunReport>;
}

/**
 * What is to survive a crash: graphs, and runs of them one after the other. A module exports it as `scenario`. It must
 * do the same in every process, but for time: no state between two openings, no chance.
 */
export interface CrashScenario {
  readonly name: string;
  /** Opens an executor on `world.storage` that knows the graphs. */
  open(world: CrashWorld): Promise<DagExecutor>;
  readonly runs: readonly CrashRun[];
}
