import { DaggerError, type JsonValue } from '@dagger/core';
import { checkJson, closest, readRetryStrategy, describeValue } from '@dagger/core/kernel';
import type { AnyTaskAgent } from '../agent/agent.ts';
import { unknownAgent, type AgentRegistry } from '../agent/registry.ts';
import { isStorable } from '../store/storable.ts';
import type { DraftNeed, TaskDraft } from './draft.ts';
import type { Order } from './order.ts';
import { keyOf, taskIdOf } from './task-id.ts';
import {
  ON_DEPENDENCY_FAILURE,
  TASK_TYPES,
  type Need,
  type StoredOptions,
  type TaskSpec,
} from './task-spec.ts';

/** Where tasks are to be added, and who is known there. */
export interface TaskScope {
  readonly jobId: string;
  /** The task below which they stand unless they say otherwise. */
  readonly parent: { readonly id: string; readonly depth: number } | null;
  readonly priority: number;
  readonly agents: AgentRegistry;
  /** Names of agents that only other workers know. */
  readonly remoteAgents: ReadonlySet<string>;
  readonly order: Order;
  /** Characters of JSON that an input may have. */
  readonly longestValue: number;
  /** How deep a task is that is there already; undefined where it is unknown. */
  readonly depthOf: (taskId: string) => Promise<number | undefined>;
}

const KEYS: readonly (keyof TaskSpec)[] = [
  'agent',
  'input',
  'key',
  'title',
  'type',
  'needs',
  'parent',
  'priority',
  'timeout',
  'maxRetries',
  'retryStrategy',
  'delay',
  'onCrash',
  'maxCrashes',
  'acceptanceCriteria',
  'review',
  'maxRejections',
];

const LONGEST_KEY = 200;
const LONGEST_ID = 2_000;
const HIGHEST_PRIORITY = 1_000;

type Refuse = (reason: string) => never;

/** Problems of a spec name the place in the list. */
const refuser =
  (where: string): Refuse =>
  (reason) => {
    throw new DaggerError('TASK_INVALID', `${where}: ${reason}`);
  };

export const agentName = (agent: AnyTaskAgent | string): string =>
  typeof agent === 'string' ? agent : agent.name;

/**
 * Reads task specs: checks every field and the input against the schema of the agent, gives each its id and resolves keys
 * of the same call.
 * @throws DaggerError TASK_INVALID, AGENT_UNKNOWN, INPUT_INVALID, NOT_JSON
 */
export const readTasks = async (
  specs: readonly TaskSpec[],
  scope: TaskScope,
): Promise<readonly TaskDraft[]> => {
  const rough: { readonly spec: TaskSpec; readonly where: string; readonly key: string }[] = [];
  const seen = new Set<string>();
  for (const [i, spec] of specs.entries()) {
    const where = specs.length === 1 ? 'the task' : `tasks[${i}]`;
    const refuse = refuser(where);
    checkShape(spec, refuse);
    checkJson(spec.input ?? {});
    const { key = unusedKey(spec, seen) } = spec;
    rough.push({ spec, where, key });
    seen.add(key);
  }
  const draftOf = new Map<string, { readonly id: string; readonly depth: number }>();
  const drafts: TaskDraft[] = [];
  // A parent stands before its children, or is there already.
  for (const { spec, where, key } of inOrder(rough)) {
    const parent = await parentOf(spec, scope, draftOf, refuser(where));
    const id = taskIdOf(scope.jobId, parent?.id ?? null, key);
    if (id.length > LONGEST_ID)
      refuser(where)(`its id would have ${id.length} characters, and ${LONGEST_ID} are allowed`);
    draftOf.set(key, { id, depth: parent === null ? 0 : parent.depth + 1 });
    drafts.push(await draft(spec, { scope, where, key, id, parent }));
  }
  return drafts.map((made) => ({
    ...made,
    needs: made.needs.map((need) => ({ ...need, id: draftOf.get(need.id)?.id ?? need.id })),
  }));
};

/** Equal tasks of one call are one only where they say so by their key. */
const unusedKey = ({ agent, input }: TaskSpec, seen: ReadonlySet<string>): string => {
  const key = keyOf(agentName(agent), (input ?? {}) as JsonValue);
  if (!seen.has(key)) return key;
  for (let n = 2; ; n++) if (!seen.has(`${key}-${n}`)) return `${key}-${n}`;
};

const inOrder = <
  T extends { readonly spec: TaskSpec; readonly key: string; readonly where: string },
>(
  rough: readonly T[],
): readonly T[] => {
  if (rough.every(({ spec }) => spec.parent === undefined || spec.parent === null)) return rough;
  const byKey = new Map(rough.map((each) => [each.key, each]));
  const done = new Set<T>();
  const order: T[] = [];
  for (const each of rough) {
    const chain: T[] = [];
    for (
      let at: T | undefined = each;
      at !== undefined && !done.has(at);
      at = typeof at.spec.parent === 'string' ? byKey.get(at.spec.parent) : undefined
    ) {
      if (chain.includes(at)) refuser(at.where)('its parents lead back to itself');
      chain.push(at);
    }
    for (const next of chain.reverse()) {
      done.add(next);
      order.push(next);
    }
  }
  return order;
};

const parentOf = async (
  { parent }: TaskSpec,
  scope: TaskScope,
  drafts: ReadonlyMap<string, { readonly id: string; readonly depth: number }>,
  refuse: Refuse,
): Promise<{ readonly id: string; readonly depth: number } | null> => {
  if (parent === undefined) return scope.parent;
  if (parent === null) return null;
  const made = drafts.get(parent);
  if (made !== undefined) return made;
  if (scope.parent?.id === parent) return scope.parent;
  const depth = await scope.depthOf(parent);
  if (depth !== undefined) return { id: parent, depth };
  return refuse(`parent is '${parent}', and job '${scope.jobId}' has no such task`);
};

const draft = async (
  spec: TaskSpec,
  {
    scope,
    where,
    key,
    id,
    parent,
  }: {
    readonly scope: TaskScope;
    readonly where: string;
    readonly key: string;
    readonly id: string;
    readonly parent: { readonly id: string; readonly depth: number } | null;
  },
): Promise<TaskDraft> => {
  const refuse = refuser(where);
  const name = agentName(spec.agent);
  const known = scope.agents.find(name);
  if (known === undefined && !scope.remoteAgents.has(name) && typeof spec.agent === 'string')
    throw unknownAgent(name, [...scope.agents.list(), ...scope.remoteAgents]);
  if (known === undefined && typeof spec.agent !== 'string' && !scope.remoteAgents.has(name))
    throw unknownAgent(name, scope.agents.list());
  const input: unknown = spec.input ?? {};
  const text = JSON.stringify(input);
  if (text.length > scope.longestValue)
    throw new DaggerError(
      'LIMIT_REACHED',
      `${where} ('${id}'): the input has ${text.length} characters of JSON, and ${scope.longestValue} are allowed (maxValueBytes)`,
      { ids: { taskId: id, jobId: scope.jobId } },
    );
  const checked = await known?.input?.(input);
  if (checked?.issues !== undefined)
    throw new DaggerError(
      'INPUT_INVALID',
      `${where} ('${id}'): the input of agent '${name}' is not valid: ${checked.issues.join('; ')}`,
      { ids: { taskId: id, agent: name, jobId: scope.jobId } },
    );
  const agent = known?.agent;
  const timeout = spec.timeout ?? agent?.timeout;
  return {
    id,
    key,
    parentId: parent?.id ?? null,
    depth: parent === null ? 0 : parent.depth + 1,
    agent: name,
    type: spec.type ?? (parent === null ? 'task' : 'subtask'),
    title: spec.title ?? null,
    input: text,
    options: optionsOf(spec, agent, scope, refuse),
    priority: spec.priority ?? scope.priority,
    ord: scope.order.next(),
    delayMs: Math.round((spec.delay ?? 0) * 1_000),
    timeoutMs: timeout === undefined ? null : Math.round(timeout * 1_000),
    needs: (spec.needs ?? []).map(readNeed),
  };
};

const readNeed = (need: Need): DraftNeed =>
  typeof need === 'string'
    ? { id: need, onFailure: 'fail' }
    : { id: need.task, onFailure: need.onFailure ?? 'fail' };

/** What the row must say, because whoever recovers the task may not know its agent. */
const optionsOf = (
  spec: TaskSpec,
  agent: AnyTaskAgent | undefined,
  scope: TaskScope,
  refuse: Refuse,
): StoredOptions => {
  const { review } = spec;
  if (
    typeof review === 'object' &&
    !scope.agents.contains(review.agent) &&
    !scope.remoteAgents.has(review.agent)
  )
    refuse(`review.agent is '${review.agent}', and no agent of that name is known here`);
  const onCrash = spec.onCrash ?? agent?.onCrash;
  return {
    ...(spec.maxRetries === undefined ? {} : { maxRetries: spec.maxRetries }),
    ...(spec.retryStrategy === undefined ? {} : { retryStrategy: spec.retryStrategy }),
    ...(onCrash === undefined || onCrash === 'retry' ? {} : { onCrash }),
    ...(spec.maxCrashes === undefined ? {} : { maxCrashes: spec.maxCrashes }),
    ...(spec.acceptanceCriteria === undefined
      ? {}
      : { acceptanceCriteria: spec.acceptanceCriteria }),
    ...(review === undefined ? {} : { review }),
    ...(spec.maxRejections === undefined ? {} : { maxRejections: spec.maxRejections }),
  };
};

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

const checkShape = (spec: unknown, refuse: Refuse): void => {
  if (typeof spec !== 'object' || spec === null || Array.isArray(spec))
    refuse(`a task is an object with an agent, not ${describeValue(spec)}`);
  const fields = spec as Readonly<Record<string, unknown>>;
  for (const key of Object.keys(fields))
    if (!(KEYS as readonly string[]).includes(key)) {
      const hint = closest(key, KEYS);
      refuse(`unknown key '${key}'${hint === undefined ? '' : `; did you mean '${hint}'?`}`);
    }
  const { agent, key, title, type, needs, parent, review, onCrash, acceptanceCriteria } = fields;
  const name: unknown =
    typeof agent === 'object' && agent !== null
      ? (agent as { readonly name?: unknown }).name
      : agent;
  if (!isText(name))
    refuse(`agent must be an agent or the name of one, not ${describeValue(agent)}`);
  if (key !== undefined && !(isText(key) && key.length <= LONGEST_KEY && isStorable(key)))
    refuse(
      `key must be text of 1 to ${LONGEST_KEY} characters without NUL, not ${describeValue(key)}`,
    );
  if (title !== undefined && !(typeof title === 'string' && isStorable(title)))
    refuse(`title must be text without NUL, not ${describeValue(title)}`);
  if (type !== undefined && !(TASK_TYPES as readonly unknown[]).includes(type))
    refuse(`type must be one of ${TASK_TYPES.join(', ')}, not ${describeValue(type)}`);
  if (parent !== undefined && parent !== null && !isText(parent))
    refuse(`parent must be the id or the key of a task, not ${describeValue(parent)}`);
  if (needs !== undefined) checkNeeds(needs, refuse);
  checkNumbers(fields, refuse);
  if (!['retry', 'fail', 'block', undefined].includes(onCrash as undefined))
    refuse(`onCrash must be retry, fail or block, not ${describeValue(onCrash)}`);
  if (
    acceptanceCriteria !== undefined &&
    !(Array.isArray(acceptanceCriteria) && acceptanceCriteria.every(isText))
  )
    refuse(`acceptanceCriteria must be a list of texts, not ${describeValue(acceptanceCriteria)}`);
  const reviewer = (review as { readonly agent?: unknown } | null | undefined)?.agent;
  if (review !== undefined && review !== 'person' && !isText(reviewer))
    refuse(`review must be 'person' or { agent: name }, not ${describeValue(review)}`);
  if (fields['retryStrategy'] !== undefined) {
    const read = readRetryStrategy(fields['retryStrategy'], 'retryStrategy');
    if ('must' in read) refuse(`retryStrategy must be ${read.must}`);
  }
};

const checkNeeds = (needs: unknown, refuse: Refuse): void => {
  if (!Array.isArray(needs)) return refuse(`needs must be a list, not ${describeValue(needs)}`);
  for (const need of needs as readonly unknown[]) {
    const { task, onFailure } = (
      typeof need === 'object' && need !== null ? need : { task: need }
    ) as { readonly task?: unknown; readonly onFailure?: unknown };
    if (!isText(task) || !isStorable(task))
      refuse(`needs has ${describeValue(need)}, which names no task`);
    if (
      onFailure !== undefined &&
      !(ON_DEPENDENCY_FAILURE as readonly unknown[]).includes(onFailure)
    )
      refuse(
        `onFailure of a dependency must be one of ${ON_DEPENDENCY_FAILURE.join(', ')}, not ${describeValue(onFailure)}`,
      );
  }
};

const checkNumbers = (fields: Readonly<Record<string, unknown>>, refuse: Refuse): void => {
  const whole = (name: string, least: number, most: number): void => {
    const value = fields[name];
    if (value === undefined) return;
    if (!(Number.isInteger(value) && Number(value) >= least && Number(value) <= most))
      refuse(
        `${name} must be a whole number from ${least} to ${most}, not ${describeValue(value)}`,
      );
  };
  const secondsOf = (name: string, above: boolean): void => {
    const value = fields[name];
    if (value === undefined) return;
    const fits =
      typeof value === 'number' &&
      Number.isFinite(value) &&
      value <= 315_360_000 &&
      (above ? value > 0 : value >= 0);
    if (!fits)
      refuse(
        `${name} must be a number of seconds ${above ? 'above' : 'of at least'} 0, not ${describeValue(value)}`,
      );
  };
  whole('priority', -HIGHEST_PRIORITY, HIGHEST_PRIORITY);
  whole('maxRetries', 0, 1_000);
  whole('maxCrashes', 0, 1_000);
  whole('maxRejections', 0, 1_000);
  secondsOf('timeout', true);
  secondsOf('delay', false);
};
