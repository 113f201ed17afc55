import type { ErrorData, JsonObject, JsonValue, NodeLogger } from '@dagger/core';
import type { TaskState } from '../lifecycle/states.ts';
import type { OnDependencyFailure, TaskSpec } from '../spec/task-spec.ts';
import type { AnyTaskAgent, OutputOf } from './agent.ts';

/** What became of a task that this one needs. */
export interface DependencyOutcome<O = JsonValue> {
  readonly taskId: string;
  readonly key: string;
  readonly agent: string;
  readonly state: TaskState;
  /** Null unless it succeeded. */
  readonly output: O | null;
  /** Null unless it failed. */
  readonly error: ErrorData | null;
}

/** A task that an agent added. */
export interface SpawnedTask {
  readonly taskId: string;
  /** False when it was there already, as it is when the agent is run again. */
  readonly isNew: boolean;
}

/**
 * The shared values of a job. Reads see what is committed and what this attempt wrote. Writes take effect together with the
 * success of the attempt, or when it blocks, and are dropped when it fails. What is appended or added by several
 * tasks at the same time is all there in the end; of several `set` the last one stays.
 */
export interface SharedState {
  get<T extends JsonValue = JsonValue>(key: string): Promise<T | undefined>;
  set(key: string, value: JsonValue): void;
  delete(key: string): void;
  /** Adds to a list; an absent one is empty. */
  append(key: string, value: JsonValue): void;
  /** Adds to a number; an absent one is 0. */
  add(key: string, value: number): void;
}

/** The outputs of a list of task specs, each typed by its agent. */
export type OutputsOf<S extends readonly TaskSpec[]> = {
  -readonly [K in keyof S]: S[K] extends TaskSpec<infer A> ? OutputOf<A> : never;
};

/**
 * What an agent sees of its task and its job: good for one attempt. Everything that it writes is refused with TASK_LOST once
 * the attempt is over for the storage, because the task was cancelled or another worker has it.
 */
export interface TaskContext<I = JsonObject> {
  readonly jobId: string;
  readonly taskId: string;
  readonly agent: string;
  readonly parentId: string | null;
  /** Checked against the schema of the agent. */
  readonly input: I;
  /** 1 for the first; failures and crashes count, blocking does not. */
  readonly attempt: number;
  /** How often the task was taken up; grows also when it blocked and is run again. */
  readonly run: number;
  /** What the reviewer wants done otherwise; null unless the task was sent back. */
  readonly feedback: string | null;
  readonly acceptanceCriteria: readonly string[];
  /** Aborted when the attempt times out, the task is cancelled, or the worker has lost it. */
  readonly signal: AbortSignal;
  /** The same for every attempt of this task: give it to services that deduplicate. */
  readonly idempotencyKey: string;
  /** What the application passed when it opened the manager. */
  readonly appData: unknown;
  readonly log: NodeLogger;
  readonly state: SharedState;
  /** Tells watchers how far the work is, from 0 to 1, and that it goes on. */
  progress(fraction: number, message?: string): void;
  /** Says that the work goes on, for stall detection. */
  heartbeat(): void;
  /** Adds to the tokens that the job has used. */
  useTokens(tokens: number): void;
  /** What became of the tasks that this one needs, in the order in which they were added. */
  dependencies(): Promise<readonly DependencyOutcome[]>;
  /** Adds a task below this one (or below `parent`); it may start at once. */
  spawn<A extends AnyTaskAgent>(spec: TaskSpec<A>): Promise<SpawnedTask>;
  /** Makes this task need another one of the job: it is waited for by `block`. */
  addDependency(
    taskId: string,
    options?: { readonly onFailure?: OnDependencyFailure },
  ): Promise<void>;
  /**
   * The output of another task. Where it has not ended, the attempt is over: in one step the task is added, this one
   * depends on it and gives back its slot, and is run again from the beginning when it has ended; then `require` gives its
   * output. The same agent and input (or the same key) mean the same task. A failure of the other task is thrown as
   * DEPENDENCY_FAILED. Several calls in one turn are one step.
   * @throws DaggerError TASK_PARKED ends the attempt; let it pass
   */
  require<A extends AnyTaskAgent>(spec: TaskSpec<A>): Promise<OutputOf<A>>;
  require<const S extends readonly TaskSpec[]>(specs: S): Promise<OutputsOf<S>>;
  /** Like `require`, but gives what became of the tasks, failures included. */
  settle(specs: readonly TaskSpec[]): Promise<readonly DependencyOutcome[]>;
  /**
   * Ends the attempt until the tasks that it needs have ended; those that this attempt added may have ended already, and then it
   * is run again at once. Where all had ended before, or there are none, it waits for a decision: the job has stalled unless
   * something else in it moves.
   * @throws DaggerError TASK_PARKED ends the attempt; let it pass
   */
  block(message?: string): Promise<never>;
  /** Cancels another task of the job and what is below it. */
  cancel(taskId: string, reason: string): Promise<void>;
  /** Has another task of the job done again that failed or is blocked, with a new input if one is given. */
  reopen(taskId: string, options?: { readonly input?: JsonValue }): Promise<void>;
}
