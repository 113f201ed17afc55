import type { AnyTaskAgent, JobHandle, TaskManager, TaskManagerOptions } from '@dagger/tasks';

/** What a scenario of jobs is opened with. */
export interface JobCrashWorld {
  /**
   * To be spread into the options of `TaskManager.open`: a storage whose commits are counted, a clock on which time passes only
   * when nothing else can happen, and as little as possible that is done by time.
   */
  readonly options: Pick<
    TaskManagerOptions,
    'storage' | 'clock' | 'heartbeatThread' | 'pollMs' | 'logger'
  >;
  /** Notes each attempt of the agent in a file outside of the storage. Every agent of a scenario goes through it. */
  readonly track: <A extends AnyTaskAgent>(agent: A) => A;
  /** Resolves after so many milliseconds of the clock. What waits for it is interrupted in the middle of its work. */
  readonly wait: (ms: number) => Promise<void>;
}

/**
 * What is to survive a crash: jobs of tasks. A module exports it as `scenario`. It must do the same in every process,
 * but for time: no state between two openings, no chance, and no output that tells how often an agent was run.
 */
export interface JobCrashScenario {
  readonly name: string;
  /** Opens a manager with the agents. */
  open(world: JobCrashWorld): Promise<TaskManager>;
  /** Starts the jobs, or finds them: by their ids. */
  start(manager: TaskManager): Promise<readonly JobHandle[]>;
  /**
   * Does what people do, such as to accept an output; called whenever nothing happens but by time. True when there was
   * something to do. What it does must follow from what the storage holds, since it may be another process that
   * goes on.
   */
  decide?(manager: TaskManager): Promise<boolean>;
}
