import { checkJson } from '@dagger/core/kernel';
import { unknownAgent } from '../agent/registry.ts';
import type { JobDraft } from '../unit/start-job.ts';
import { checkJob } from './check-job.ts';
import {
  DEFAULT_LIMITS,
  type JobConfig,
  type JobSpec,
  type JobStall,
  type StoredStallAction,
} from './job-spec.ts';
import { agentName, readTasks, type TaskScope } from './read-tasks.ts';
import type { TaskSpec } from './task-spec.ts';

export interface JobScope extends Omit<TaskScope, 'jobId' | 'parent' | 'priority' | 'depthOf'> {
  readonly newId: () => string;
  /** What the manager says of stalls. */
  readonly stallAfterSeconds: number | undefined;
  readonly stallAction: StoredStallAction;
}

/**
 * Reads a job: checks every field and every task.
 * @throws DaggerError JOB_INVALID, and as `readTasks` does
 */
export const readJob = async (spec: JobSpec, scope: JobScope): Promise<JobDraft> => {
  checkJob(spec);
  const { id = scope.newId(), priority = 0, objective, tasks = [], stall, timeout } = spec;
  const all: readonly TaskSpec[] =
    objective === undefined
      ? tasks
      : [{ key: 'objective', type: 'objective', ...objective }, ...tasks];
  const config: JobConfig = {
    ...(spec.allowedAgents === undefined
      ? {}
      : { allowedAgents: spec.allowedAgents.map(agentName) }),
    priority,
    onFailure: spec.onFailure ?? 'continue',
    stallAction: stall?.action ?? scope.stallAction,
    limits: { ...DEFAULT_LIMITS, ...spec.limits },
  };
  checkStall(stall, scope);
  const drafts = await readTasks(all, {
    ...scope,
    jobId: id,
    parent: null,
    priority,
    depthOf: () => Promise.resolve(undefined),
  });
  const afterSeconds = stall?.afterSeconds ?? scope.stallAfterSeconds;
  return {
    id,
    title: spec.title ?? null,
    config,
    open: spec.open ?? false,
    timeoutMs: timeout === undefined ? null : Math.round(timeout * 1_000),
    stallAfterMs: afterSeconds === undefined ? null : Math.round(afterSeconds * 1_000),
    state: Object.entries(spec.state ?? {}).flatMap(([key, value]) => {
      if (value === undefined) return [];
      checkJson(value);
      return [[key, JSON.stringify(value)] as const];
    }),
    tasks: drafts,
  };
};

const checkStall = (stall: JobStall | undefined, scope: JobScope): void => {
  const action = stall?.action;
  if (action?.type !== 'NotifyPlanningAgent') return;
  if (scope.agents.contains(action.agent) || scope.remoteAgents.has(action.agent)) return;
  throw unknownAgent(action.agent, scope.agents.list());
};
