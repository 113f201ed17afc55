import type { JsonObject } from '@dagger/core';
import type { AnyTaskAgent } from '../agent/agent.ts';
import type { TaskSpec } from './task-spec.ts';

/** What happens when a job has stalled; each stall is acted on once. */
export type JobStallAction =
  /**
   * Adds a task of this agent whose input is the `StallReport`. After `max` such tasks (default 3) the job is terminated.
   */
  | { readonly type: 'NotifyPlanningAgent'; readonly agent: string; readonly max?: number }
  /** The job fails with JOB_STUCK, and what is left of it is cancelled. */
  | { readonly type: 'TerminateJob' }
  /** Nothing but an event: the job waits for a person. */
  | { readonly type: 'Wait' };

/** As a job keeps it. `Custom`: the program of the manager that notices the stall is called. */
export type StoredStallAction = JobStallAction | { readonly type: 'Custom' };

export interface JobStall {
  /**
   * Seconds without any change of state or sign of progress in a job after which it has stalled. Default: only a job in
   * which nothing can move any more has stalled, and that is known at once.
   */
  readonly afterSeconds?: number;
  /** Default `TerminateJob`. */
  readonly action?: JobStallAction;
}

export interface JobLimits {
  /** Tasks in all, those that tasks create included. Default 100,000. */
  readonly maxTasks?: number;
  /** How deep tasks may create tasks. Default 32. */
  readonly maxDepth?: number;
  /** Tokens that its agents may use. Default: no limit. */
  readonly maxTokens?: number;
  /** How often one task may be taken up, blocking and being run again included. Default 1,000. */
  readonly maxRuns?: number;
}

/** A job to be started. */
export interface JobSpec {
  /** An idempotency key: a job with this id is started once. Default: a new id. */
  readonly id?: string;
  /** One line for people. */
  readonly title?: string;
  /** A first task of type `objective`, with the key `objective`. */
  readonly objective?: TaskSpec;
  readonly tasks?: readonly TaskSpec[];
  /** The agents that tasks of this job may have. Default: all. */
  readonly allowedAgents?: readonly (AnyTaskAgent | string)[];
  /** The priority of tasks that say none. Default 0. */
  readonly priority?: number;
  /** When a task has failed for good: `continue` (default) with what does not need it, or `stop` and cancel the rest. */
  readonly onFailure?: 'continue' | 'stop';
  /** Default: what the manager says. */
  readonly stall?: JobStall;
  readonly limits?: JobLimits;
  /** Seconds for the whole job. Default: no limit. */
  readonly timeout?: number;
  /** The job does not end when all its tasks have, but takes further ones until `seal` is called. Default false. */
  readonly open?: boolean;
  /** First shared values. */
  readonly state?: JsonObject;
}

/** What a job keeps of its spec, as JSON. */
export interface JobConfig {
  readonly allowedAgents?: readonly string[];
  readonly priority: number;
  readonly onFailure: 'continue' | 'stop';
  /** What happens when it has stalled: as the job says, else as the manager that started it. */
  readonly stallAction: StoredStallAction;
  readonly limits: Required<Omit<JobLimits, 'maxTokens'>> & { readonly maxTokens: number | null };
}

export const DEFAULT_LIMITS: JobConfig['limits'] = Object.freeze({
  maxTasks: 100_000,
  maxDepth: 32,
  maxTokens: null,
  maxRuns: 1_000,
});
