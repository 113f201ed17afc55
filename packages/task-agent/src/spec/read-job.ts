import { DaggerError } from '@dagger/core';
import { checkJson, closest } from '@dagger/core/kernel';
import { unknownAgent } from '../agent/registry.ts';
import type { JobDraft } from '../unit/start-job.ts';
import {
  DEFAULT_LIMITS,
  type JobConfig,
  type JobLimits,
  type JobSpec,
  type JobStall,
} from './job-spec.ts';
import { agentName, readTasks, type TaskScope } from './read-tasks.ts';
import type { TaskSpec } from './task-spec.ts';

const KEYS: readonly (keyof JobSpec)[] = [
  'id',
  'title',
  'objective',
  'tasks',
  'allowedAgents',
  'priority',
  'onFailure',
  'stall',
  'limits',
  'timeout',
  'open',
  'state',
];

const refuse = (reason: string): never => {
  throw new DaggerError('JOB_INVALID', `the job: ${reason}`);
};

const shown = (value: unknown): string => {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return typeof value;
  }
};

export interface JobScope extends Omit<TaskScope, 'jobId' | 'parent' | 'priority' | 'depthOf'> {
  readonly newId: () => string;
  /** What the manager says of stalls by time. */
  readonly stallAfterSeconds: number | undefined;
}

/**
 * Reads a job: checks every field and every task.
 * @throws DaggerError JOB_INVALID, and as `readTasks` does
 */
export const readJob = async (spec: JobSpec, scope: JobScope): Promise<JobDraft> => {
  checkShape(spec);
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
    ...(stall === undefined ? {} : { stall }),
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
    state: Object.entries(spec.state ?? {}).map(([key, value]) => {
      checkJson(value);
      return [key, JSON.stringify(value)] as const;
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

const checkShape = (spec: JobSpec): void => {
  if (typeof spec !== 'object' || (spec as JobSpec | null) === null || Array.isArray(spec))
    refuse(`a job is an object, not ${shown(spec)}`);
  for (const key of Object.keys(spec))
    if (!(KEYS as readonly string[]).includes(key)) {
      const hint = closest(key, KEYS);
      refuse(`unknown key '${key}'${hint === undefined ? '' : `; did you mean '${hint}'?`}`);
    }
  const { id, title, tasks, priority, onFailure, timeout, stall, limits, allowedAgents } = spec;
  if (id !== undefined && !isId(id))
    refuse(`id must be text of 1 to 200 characters without NUL, not ${shown(id)}`);
  if (title !== undefined && typeof title !== 'string')
    refuse(`title must be text, not ${shown(title)}`);
  if (tasks !== undefined && !Array.isArray(tasks))
    refuse(`tasks must be a list, not ${shown(tasks)}`);
  if (allowedAgents !== undefined && !Array.isArray(allowedAgents))
    refuse(`allowedAgents must be a list, not ${shown(allowedAgents)}`);
  if (priority !== undefined && !(Number.isInteger(priority) && Math.abs(priority) <= 1_000))
    refuse(`priority must be a whole number from -1000 to 1000, not ${shown(priority)}`);
  if (!['continue', 'stop', undefined].includes(onFailure))
    refuse(`onFailure must be continue or stop, not ${shown(onFailure)}`);
  positive('timeout', timeout);
  positive('stall.afterSeconds', stall?.afterSeconds);
  const type = stall?.action?.type;
  if (!['NotifyPlanningAgent', 'TerminateJob', 'Wait', undefined].includes(type))
    refuse(
      `stall.action.type must be NotifyPlanningAgent, TerminateJob or Wait, not ${shown(type)}`,
    );
  for (const name of [
    'maxTasks',
    'maxDepth',
    'maxTokens',
    'maxRuns',
  ] as const satisfies readonly (keyof JobLimits)[]) {
    const value = limits?.[name];
    if (value !== undefined && !(Number.isSafeInteger(value) && value >= 1))
      refuse(`limits.${name} must be a whole number of at least 1, not ${shown(value)}`);
  }
};

const isId = (id: unknown): boolean =>
  typeof id === 'string' && id !== '' && id.length <= 200 && !id.includes('\0');

const positive = (name: string, value: unknown): void => {
  if (value === undefined) return;
  if (!(typeof value === 'number' && Number.isFinite(value) && value > 0))
    refuse(`${name} must be a number of seconds above 0, not ${shown(value)}`);
};
