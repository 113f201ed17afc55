import type { RetryStrategy } from '@dagger/core';
import type { AnyTaskAgent, InputOf, OnCrash } from '../agent/agent.ts';

/** What a task is in the plan of a job; it changes nothing about how it runs. */
export type TaskType = 'objective' | 'story' | 'task' | 'subtask';

export const TASK_TYPES: readonly TaskType[] = ['objective', 'story', 'task', 'subtask'];

/**
 * What becomes of a task when one that it needs does not succeed: it `fail`s too (and is cancelled or skipped where that
 * one was), it is `skip`ped, or it `continue`s and sees the outcome.
 */
export type OnDependencyFailure = 'fail' | 'skip' | 'continue';

export const ON_DEPENDENCY_FAILURE: readonly OnDependencyFailure[] = ['fail', 'skip', 'continue'];

/** A task that is needed: its id, or the key of a task that is added in the same call. */
export type Need = string | { readonly task: string; readonly onFailure?: OnDependencyFailure };

/** Who looks at the output of a task before it counts: a person, or a task of an agent. */
export type Reviewer = 'person' | { readonly agent: string };

/** What may be said of a task beside its agent and its input. */
export interface TaskSettings {
  /**
   * Names the task among those of the same parent, at most 200 characters. Adding a task whose key is there already adds
   * nothing. Default: made from the agent and the input.
   */
  readonly key?: string;
  /** One line for people. */
  readonly title?: string;
  /** Default `task`; `subtask` where it has a parent. */
  readonly type?: TaskType;
  /** What must have ended before it runs. Default: nothing. */
  readonly needs?: readonly Need[];
  /** The task that it is a part of, by id or by the key of one in the same call; null for none. */
  readonly parent?: string | null;
  /** A whole number from -1,000 to 1,000; higher ones run first. Default: that of the job. */
  readonly priority?: number;
  /** Seconds for one attempt. Default: that of the agent, else of the manager. */
  readonly timeout?: number;
  /** How often it is tried again after a failure. Default: that of the agent, else 2. */
  readonly maxRetries?: number;
  /** The delays between attempts. Default: that of the agent, else exponential from 2 s to 60 s. */
  readonly retryStrategy?: RetryStrategy;
  /** Seconds before it may run. Default 0. */
  readonly delay?: number;
  /** Default: that of the agent, else `retry`. */
  readonly onCrash?: OnCrash;
  /** How often it may lose its worker before that counts as a failure for good. Default 3. */
  readonly maxCrashes?: number;
  /** What a reviewer is to look for. */
  readonly acceptanceCriteria?: readonly string[];
  /** Its output counts only when it is accepted. Default: nobody looks. */
  readonly review?: Reviewer;
  /** How often it is sent back before a rejection is final. Default 3. */
  readonly maxRejections?: number;
}

/** A task to be added; its input is typed by its agent. */
export interface TaskSpec<A extends AnyTaskAgent = AnyTaskAgent> extends TaskSettings {
  /** The agent, or the name of one. */
  readonly agent: A | string;
  /** Default: an empty object. */
  readonly input?: InputOf<A>;
}

/** The settings of a task that its row keeps together, as JSON. */
export interface StoredOptions {
  readonly maxRetries?: number;
  readonly retryStrategy?: RetryStrategy;
  readonly onCrash?: OnCrash;
  readonly maxCrashes?: number;
  readonly acceptanceCriteria?: readonly string[];
  readonly review?: Reviewer;
  readonly maxRejections?: number;
  /** What a reviewer said last of its output: it stays, whatever becomes of the attempts after that. */
  readonly feedback?: string;
  /** It reviews this task. */
  readonly reviews?: string;
  /** It was made on account of this stall. */
  readonly stall?: number;
}

export const readOptions = (text: string | null): StoredOptions =>
  text === null ? {} : (JSON.parse(text) as StoredOptions);
