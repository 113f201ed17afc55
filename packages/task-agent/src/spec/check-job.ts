import { DaggerError } from '@dagger/core';
import { closest, describeValue } from '@dagger/core/kernel';
import { isStorable } from '../store/storable.ts';
import type { JobLimits, JobSpec, JobStall, JobStallAction } from './job-spec.ts';

type Fields = Readonly<Record<string, unknown>>;

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
const STALL_KEYS: readonly (keyof JobStall)[] = ['afterSeconds', 'action'];
const ACTION_KEYS: readonly string[] = ['type', 'agent', 'max'];
const ACTIONS: readonly JobStallAction['type'][] = ['NotifyPlanningAgent', 'TerminateJob', 'Wait'];
const LIMITS: readonly (keyof JobLimits)[] = ['maxTasks', 'maxDepth', 'maxTokens', 'maxRuns'];

const LONGEST_ID = 200;
/** Ten years. */
const LONGEST_SECONDS = 315_360_000;

const refuse = (reason: string): never => {
  throw new DaggerError('JOB_INVALID', `the job: ${reason}`);
};

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Checks the fields of a job beside its tasks. @throws DaggerError JOB_INVALID naming the field, the value and the bound */
export const checkJob = (spec: unknown): void => {
  if (!isObject(spec)) return refuse(`a job is an object, not ${describeValue(spec)}`);
  knownKeys(spec, KEYS, '');
  const { id, title, tasks, priority, onFailure, timeout, stall, limits, allowedAgents } = spec;
  if (id !== undefined && !isId(id))
    refuse(
      `id must be text of 1 to ${LONGEST_ID} characters without NUL, not ${describeValue(id)}`,
    );
  if (title !== undefined && !(typeof title === 'string' && isStorable(title)))
    refuse(`title must be text without NUL, not ${describeValue(title)}`);
  if (tasks !== undefined && !Array.isArray(tasks))
    refuse(`tasks must be a list, not ${describeValue(tasks)}`);
  if (
    allowedAgents !== undefined &&
    !(Array.isArray(allowedAgents) && allowedAgents.every(isAgent))
  )
    refuse(
      `allowedAgents must be a list of agents or their names, not ${describeValue(allowedAgents)}`,
    );
  if (
    priority !== undefined &&
    !(Number.isInteger(priority) && Math.abs(Number(priority)) <= 1_000)
  )
    refuse(`priority must be a whole number from -1000 to 1000, not ${describeValue(priority)}`);
  if (!['continue', 'stop', undefined].includes(onFailure as undefined))
    refuse(`onFailure must be continue or stop, not ${describeValue(onFailure)}`);
  if (spec['open'] !== undefined && typeof spec['open'] !== 'boolean')
    refuse(`open must be true or false, not ${describeValue(spec['open'])}`);
  positive('timeout', timeout);
  if (stall !== undefined) checkStall(stall);
  if (limits !== undefined) checkLimits(limits);
  if (spec['state'] !== undefined) checkState(spec['state']);
};

const knownKeys = (fields: Fields, keys: readonly string[], within: string): void => {
  for (const key of Object.keys(fields)) {
    if (keys.includes(key)) continue;
    const hint = closest(key, keys);
    refuse(`unknown key '${within}${key}'${hint === undefined ? '' : `; did you mean '${hint}'?`}`);
  }
};

const isId = (id: unknown): boolean =>
  typeof id === 'string' && id !== '' && id.length <= LONGEST_ID && isStorable(id);

const isAgent = (agent: unknown): boolean =>
  typeof (isObject(agent) ? agent['name'] : agent) === 'string';

const positive = (name: string, value: unknown): void => {
  if (value === undefined) return;
  if (!(typeof value === 'number' && value > 0 && value <= LONGEST_SECONDS))
    refuse(
      `${name} must be a number of seconds above 0 and at most ${LONGEST_SECONDS}, not ${describeValue(value)}`,
    );
};

const checkStall = (stall: unknown): void => {
  if (!isObject(stall)) return refuse(`stall must be an object, not ${describeValue(stall)}`);
  knownKeys(stall, STALL_KEYS, 'stall.');
  positive('stall.afterSeconds', stall['afterSeconds']);
  const { action } = stall;
  if (action === undefined) return;
  if (!isObject(action))
    return refuse(`stall.action must be an object, not ${describeValue(action)}`);
  knownKeys(action, ACTION_KEYS, 'stall.action.');
  const { type, agent, max } = action;
  if (!(ACTIONS as readonly unknown[]).includes(type))
    refuse(`stall.action.type must be ${ACTIONS.join(', ')}, not ${describeValue(type)}`);
  if (type === 'NotifyPlanningAgent' && typeof agent !== 'string')
    refuse(`stall.action.agent must be the name of an agent, not ${describeValue(agent)}`);
  if (max !== undefined && !(Number.isSafeInteger(max) && Number(max) >= 0))
    refuse(`stall.action.max must be a whole number of at least 0, not ${describeValue(max)}`);
};

const checkLimits = (limits: unknown): void => {
  if (!isObject(limits)) return refuse(`limits must be an object, not ${describeValue(limits)}`);
  knownKeys(limits, LIMITS, 'limits.');
  for (const name of LIMITS) {
    const value = limits[name];
    if (value !== undefined && !(Number.isSafeInteger(value) && Number(value) >= 1))
      refuse(`limits.${name} must be a whole number of at least 1, not ${describeValue(value)}`);
  }
};

const checkState = (state: unknown): void => {
  if (!isObject(state)) return refuse(`state must be an object, not ${describeValue(state)}`);
  for (const key of Object.keys(state))
    if (key === '' || !isStorable(key))
      refuse(`state has the key ${describeValue(key)}; keys are texts without NUL`);
};
