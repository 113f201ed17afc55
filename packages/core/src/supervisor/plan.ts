import type { HumanInput, WaitAnswer } from '../actions/answer.ts';
import type { ActionContext, DependencyOutcome } from '../actions/context.ts';
import { SUPERVISOR_STEP } from '../graph/topology.ts';
import { ownJson, type JsonObject, type JsonValue } from '../json.ts';
import type { NodeSpecData } from '../run/commands.ts';
import type { Instruction, QueuedInstruction } from './instruction.ts';

/** A node that did not succeed. */
export interface PlanFailure extends Omit<DependencyOutcome, 'status'> {
  readonly status: 'failed' | 'skipped' | 'cancelled';
}

/** What a person said in a review. */
export interface ReviewAnswer {
  readonly decision: WaitAnswer['decision'];
  readonly approved: boolean;
  readonly data: JsonValue;
  readonly reason: HumanInput['reason'];
  readonly by: HumanInput['by'];
}

/** What a planner knows when it is asked. */
export interface PlanContext extends Pick<
  ActionContext,
  | 'appData'
  | 'attempt'
  | 'cache'
  | 'dagName'
  | 'idempotencyKey'
  | 'log'
  | 'nodeId'
  | 'progress'
  | 'runId'
  | 'signal'
  | 'useTokens'
> {
  readonly task: string;
  /** 1 for the first. */
  readonly iteration: number;
  /** The inputs of the run, and over them those of the first `supervisor_step`. */
  readonly inputs: JsonObject;
  /** The outputs of every planned node that succeeded so far, by its id. */
  readonly results: { readonly [nodeId: string]: JsonObject };
  /** What the latest plan added and did not succeed. */
  readonly failures: readonly PlanFailure[];
  /** What is asked from outside, by priority; it is carried out beside the plan, whatever the plan says. */
  readonly instructions: readonly QueuedInstruction[];
  /** What a person said in the review right before this iteration; null when there was none. */
  readonly answer: ReviewAnswer | null;
  /** Why the latest plan could not be carried out; empty when it was. */
  readonly problems: readonly string[];
}

/** What is to be done next. */
export interface Plan {
  /** Nodes to add; one that names no `deps` runs at once. The next iteration begins when all of them have ended. */
  readonly nodes?: readonly NodeSpecData[];
  readonly instructions?: readonly Instruction[];
  /** Nothing is left to do: the outputs are the result. An instruction from outside is carried out before. */
  readonly done?: boolean;
  /** The outputs of this step; those of the last step are the result of the flow. */
  readonly outputs?: JsonObject;
}

const PLAN_KEYS: ReadonlySet<string> = new Set<keyof Plan>([
  'nodes',
  'instructions',
  'done',
  'outputs',
]);
const NODE_KEYS: ReadonlySet<string> = new Set<keyof NodeSpecData>([
  'id',
  'action',
  'deps',
  'inputs',
  'timeout',
  'tryCount',
  'description',
  'when',
  'join',
  'failure',
  'onfailure',
]);

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A plan in its full form, or the reason why it is none. */
export type CheckedPlan =
  | {
      readonly nodes: readonly NodeSpecData[];
      readonly instructions: readonly JsonValue[];
      readonly done: boolean;
      readonly outputs: JsonObject;
      readonly problem?: undefined;
    }
  | { readonly problem: string };

const nodeProblem = (node: JsonValue, i: number): string | undefined => {
  if (!isObject(node)) return `nodes[${i}] must be an object with an action`;
  if (typeof node['action'] !== 'string' || node['action'] === '')
    return `nodes[${i}] names no action`;
  if (node['action'] === SUPERVISOR_STEP)
    return `nodes[${i}]: the next ${SUPERVISOR_STEP} comes by itself`;
  if (node['id'] !== undefined && typeof node['id'] !== 'string')
    return `nodes[${i}]: the id must be a string`;
  if (node['deps'] !== undefined && !Array.isArray(node['deps']))
    return `nodes[${i}]: deps must be a list of ids`;
  const unknown = Object.keys(node).find((key) => !NODE_KEYS.has(key));
  return unknown === undefined
    ? undefined
    : `nodes[${i}]: a planned node has no '${unknown}'; it has ${[...NODE_KEYS].join(', ')}`;
};

/** Nodes may be built with `NodeSpec`, which is no plain object. */
const plain = (given: unknown): unknown =>
  isObject(given) && Array.isArray(given['nodes'])
    ? {
        ...given,
        nodes: given['nodes'].map((node: unknown) => (isObject(node) ? { ...node } : node)),
      }
    : given;

/** Checks what can be judged without the run. */
export const checkPlan = (given: unknown): CheckedPlan => {
  let plan: JsonValue;
  try {
    plan = ownJson(plain(given));
  } catch (error) {
    return { problem: `a plan is JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
  if (!isObject(plan)) return { problem: 'a plan is an object with nodes, or done: true' };
  const unknown = Object.keys(plan).find((key) => !PLAN_KEYS.has(key));
  if (unknown !== undefined)
    return { problem: `a plan has no '${unknown}'; it has ${[...PLAN_KEYS].join(', ')}` };
  const { nodes = [], instructions = [], done = false, outputs = {} } = plan;
  if (!Array.isArray(nodes)) return { problem: 'nodes must be a list' };
  if (!Array.isArray(instructions)) return { problem: 'instructions must be a list' };
  if (typeof done !== 'boolean') return { problem: 'done must be true or false' };
  if (!isObject(outputs)) return { problem: 'outputs must be an object' };
  const wrong = (nodes as readonly JsonValue[]).map(nodeProblem).filter((p) => p !== undefined);
  if (wrong.length > 0) return { problem: wrong.join('; ') };
  if (done && nodes.length + instructions.length > 0)
    return { problem: 'a plan that is done has no nodes and no instructions' };
  return {
    nodes: nodes as unknown as readonly NodeSpecData[],
    instructions: instructions as readonly JsonValue[],
    done,
    outputs,
  };
};
