import type { ActionRegistry } from '../actions/registry.ts';
import type { HumanInput } from '../actions/answer.ts';
import { DaggerError, toErrorData, type ErrorData } from '../errors.ts';
import { addNodes, type Problems } from '../graph/compile.ts';
import type { Depths } from '../graph/depth.ts';
import { GraphInvalidError } from '../graph/diagnostic.ts';
import type { InputField, NodeDefinition } from '../graph/model.ts';
import { idProblem } from '../graph/node-id.ts';
import { checkNodeShape } from '../graph/shape.ts';
import { checkMeaning } from '../graph/validate.ts';
import { ownJson, type JsonObject, type JsonValue } from '../json.ts';
import { checkDepth, checkNodeCount, type SizeLimits } from './size-limits.ts';
import type { ExecutorCommand, NodeSpecData } from '../run/commands.ts';
import type { RunEvent } from '../run/events.ts';
import type { RunState } from '../run/state.ts';
import { isSettled, Status, statusName } from '../run/status.ts';

/** What a command is carried out against. */
export interface CommandTarget {
  readonly state: RunState;
  readonly registry: ActionRegistry;
  readonly now: number;
  readonly limits: SizeLimits;
  readonly depths: Depths;
  /** The node whose event a hook answers with the command. */
  readonly by?: number | undefined;
}

const reject = (message: string, cause?: unknown): never => {
  throw new DaggerError('COMMAND_REJECTED', message, cause === undefined ? {} : { cause });
};

const nodeNumber = (state: RunState, id: unknown, what: string): number => {
  const n = typeof id === 'string' ? state.topology.numberOf(id) : undefined;
  return (
    n ?? reject(`${what}: there is no node ${typeof id === 'string' ? `'${id}'` : String(id)}`)
  );
};

const fieldsOf = (inputs: NodeSpecData['inputs']): readonly InputField[] | undefined => {
  if (inputs === undefined) return undefined;
  if (Array.isArray(inputs)) return inputs as readonly InputField[];
  return Object.entries(inputs as JsonObject).map(([name, value]) => ({
    name,
    value: ownJson(value ?? null),
  }));
};

/** An id for a node without one: the action and a number that no node of the run has. */
const freshId = (state: RunState, action: unknown, taken: ReadonlySet<string>): string => {
  const base =
    (typeof action === 'string' ? action.replaceAll(/[^\w-]/g, '_').slice(0, 200) : '') || 'node';
  for (let i = state.nodeCount; ; i++) {
    const id = `${base}_${i}`;
    if (state.topology.numberOf(id) === undefined && !taken.has(id)) return id;
  }
};

/** A spec as a definition; what is absent stays absent. */
const definitionOf = (
  spec: NodeSpecData,
  state: RunState,
  taken: ReadonlySet<string>,
): NodeDefinition => {
  if (typeof spec !== 'object' || spec === null) reject('a node spec is an object with an action');
  const definition: { -readonly [K in keyof NodeDefinition]: NodeDefinition[K] } = {
    id: spec.id ?? freshId(state, spec.action, taken),
    action: spec.action,
  };
  if (spec.deps !== undefined) definition.dependencies = spec.deps;
  const inputs = fieldsOf(spec.inputs);
  if (inputs !== undefined) definition.inputs = inputs;
  if (spec.timeout !== undefined) definition.timeout = spec.timeout;
  if (spec.duration !== undefined) definition.duration = spec.duration;
  if (spec.tryCount !== undefined) definition.tryCount = spec.tryCount;
  if (spec.description !== undefined) definition.description = spec.description;
  if (spec.when !== undefined) definition.when = spec.when;
  if (spec.join !== undefined) definition.join = spec.join;
  if (spec.failure !== undefined) definition.failure = spec.failure;
  if (spec.onfailure !== undefined) definition.onfailure = spec.onfailure;
  return definition;
};

/** The keys whose meaning does not depend on the rest of the graph. */
const LOCAL_KEYS: ReadonlySet<string> = new Set([
  'id',
  'action',
  'dependencies',
  'inputs',
  'timeout',
  'duration',
  'tryCount',
  'description',
  'onfailure',
]);

/** Whether a well-formed node can be judged by itself: a new id, a known action, dependencies that exist, literal inputs. */
const isPlain = (node: NodeDefinition, { state, registry }: CommandTarget): boolean => {
  for (const key in node) if (!LOCAL_KEYS.has(key)) return false;
  if (
    idProblem(node.id) !== undefined ||
    state.topology.numberOf(node.id) !== undefined ||
    !registry.contains(node.action)
  )
    return false;
  for (const dependency of node.dependencies ?? [])
    if (typeof dependency !== 'string' || state.topology.numberOf(dependency) === undefined)
      return false;
  for (const input of node.inputs ?? []) if (input.value === undefined) return false;
  return true;
};

/** Judges nodes with the rest of the graph around them, and takes them back. */
const tryOut = (
  nodes: readonly NodeDefinition[],
  target: CommandTarget,
  problems: Problems,
): void => {
  const topology = target.state.ownTopology();
  const first = topology.count;
  topology.tryOut(() => {
    addNodes(topology, nodes, problems);
    checkMeaning(topology, first, problems, target.registry);
    if (problems.every((p) => p.severity === 'warning'))
      checkDepth(target.limits, topology, first, target.depths);
  });
  target.depths.forgetFrom(first);
};

/**
 * Refuses nodes that do not fit: shape, ids, dependencies, cycles among themselves, actions, references. What needs the
 * rest of the graph is tried out on it and taken back, so that a refusal leaves no trace.
 */
const checkGrowth = (nodes: readonly NodeDefinition[], target: CommandTarget): void => {
  const problems: Problems = [];
  let shapely = true;
  for (let i = 0; i < nodes.length; i++)
    if (!checkNodeShape(nodes[i], problems, ['nodes', i])) shapely = false;
  if (shapely) {
    const distinct =
      nodes.length === 1 || new Set(nodes.map((node) => node.id)).size === nodes.length;
    const plain =
      target.limits.maxDependencyDepth === null &&
      distinct &&
      nodes.every((node) => isPlain(node, target));
    if (!plain) tryOut(nodes, target, problems);
  }
  if (problems.some((p) => p.severity === 'error')) {
    const cause = new GraphInvalidError(problems);
    reject(`the nodes cannot be added: ${cause.message}`, cause);
  }
};

/** A definition that later changes of the caller's spec do not reach. */
const sealed = (node: NodeDefinition): NodeDefinition => {
  const { dependencies, inputs } = node;
  const plain = inputs === undefined && (dependencies ?? []).every((id) => typeof id === 'string');
  if (!plain) return ownJson(node) as unknown as NodeDefinition;
  return Object.freeze(
    dependencies === undefined ? node : { ...node, dependencies: Object.freeze([...dependencies]) },
  );
};

const grow = (specs: readonly NodeSpecData[], target: CommandTarget): RunEvent => {
  if (!Array.isArray(specs) || specs.length === 0)
    reject('AddNodes needs a list of at least one node');
  checkNodeCount(target.limits, target.state.nodeCount + specs.length);
  const ids = new Set<string>();
  const nodes = specs.map((spec) => {
    const definition = definitionOf(spec, target.state, ids);
    ids.add(definition.id);
    return definition;
  });
  checkGrowth(nodes, target);
  return {
    type: 'NodesAdded',
    at: target.now,
    nodes: nodes.map(sealed),
    ...(target.by === undefined ? {} : { by: target.by }),
  };
};

/**
 * Turns a command into the event that carries it out, or refuses it. Nothing changes here.
 * @throws DaggerError COMMAND_REJECTED with the reason; the cause has the details of refused nodes
 */
export const commandEvent = (command: ExecutorCommand, target: CommandTarget): RunEvent => {
  const { state, now: at } = target;
  switch (command?.type) {
    case 'AddNode':
      return grow([command.spec], target);
    case 'AddNodes':
      return grow(command.specs, target);
    case 'SetNodeInputs': {
      const n = nodeNumber(state, command.nodeId, 'SetNodeInputs');
      const status = state.status[n] as number;
      if (status !== Status.PENDING && status !== Status.READY)
        reject(`SetNodeInputs: node '${command.nodeId}' is ${statusName(status)} already`);
      if (
        typeof command.inputs !== 'object' ||
        command.inputs === null ||
        Array.isArray(command.inputs)
      )
        reject('SetNodeInputs: inputs must be an object');
      return { type: 'InputsSet', at, n, inputs: ownJson(command.inputs) as JsonObject };
    }
    case 'PauseBranch':
      return {
        type: 'BranchPaused',
        at,
        n: nodeNumber(state, command.branchId, 'PauseBranch'),
        reason: command.reason ?? null,
      };
    case 'ResumeBranch': {
      const n = nodeNumber(state, command.branchId, 'ResumeBranch');
      if (!state.paused.has(n)) reject(`ResumeBranch: branch '${command.branchId}' is not paused`);
      return { type: 'BranchResumed', at, n };
    }
    case 'CancelBranch': {
      const n = nodeNumber(state, command.branchId, 'CancelBranch');
      if (state.topology.branchOf(n).every((member) => isSettled(state.status[member] as number)))
        reject(`CancelBranch: everything in branch '${command.branchId}' has ended already`);
      return { type: 'BranchCancelled', at, n, reason: command.reason ?? null };
    }
    case 'GiveInput': {
      const n = nodeNumber(state, command.nodeId, 'GiveInput');
      if (isSettled(state.status[n] as number))
        reject(
          `GiveInput: node '${command.nodeId}' is ${statusName(state.status[n] as number)} already`,
        );
      return { type: 'InputGiven', at, n, input: inputOf(command) };
    }
    case 'UpdateCache': {
      const { namespace, key } = command;
      if (typeof namespace !== 'string' || typeof key !== 'string')
        reject('UpdateCache: namespace and key must be texts');
      return { type: 'CacheUpdated', at, namespace, key, value: ownJson(command.value) };
    }
    case 'PauseRun': {
      const error = new DaggerError('PAUSED', textOr(command.reason, 'PauseRun') ?? 'paused');
      return { type: 'RunPausing', at, error: asData(error) };
    }
    case 'CancelRun': {
      const error = new DaggerError(
        'CANCELLED',
        textOr(command.reason, 'CancelRun') ?? 'cancelled',
      );
      return { type: 'RunStopping', at, why: 'cancelled', error: asData(error) };
    }
    case 'EmitEvent':
      return { type: 'CustomEvent', at, event: ownJson(command.event) };
    case 'EnableNodes':
    case 'DisableNodes': {
      if (!Array.isArray(command.nodeIds)) reject(`${command.type}: nodeIds must be a list`);
      const ns = command.nodeIds.map((id) => nodeNumber(state, id, command.type));
      const late = ns.find(
        (n) =>
          (state.status[n] as number) !== Status.PENDING &&
          (state.status[n] as number) !== Status.READY,
      );
      if (late !== undefined)
        reject(
          `${command.type}: node '${state.topology.idOf(late)}' is ${statusName(state.status[late] as number)} already`,
        );
      return { type: command.type === 'EnableNodes' ? 'NodesEnabled' : 'NodesDisabled', at, ns };
    }
    default: {
      const unknown: unknown = command;
      const type: unknown =
        typeof unknown === 'object' && unknown !== null && 'type' in unknown
          ? unknown.type
          : unknown;
      return reject(`there is no command '${String(type)}'`);
    }
  }
};

const DECISIONS: ReadonlySet<string> = new Set(['approve', 'reject', 'answer']);

const textOr = (value: unknown, what: string): string | null => {
  if (value === undefined || value === null) return null;
  return typeof value === 'string' ? value : reject(`${what}: reasons and names must be texts`);
};

const asData = (error: DaggerError): ErrorData => {
  const { stack: _stack, ...data } = toErrorData(error);
  return data;
};

const inputOf = (command: ExecutorCommand & { readonly type: 'GiveInput' }): HumanInput => {
  const { decision, data } = command;
  if (!DECISIONS.has(decision))
    reject(`GiveInput: decision must be approve, reject or answer, not '${decision as string}'`);
  return {
    decision,
    data: data === undefined ? null : ownJson(data),
    reason: textOr(command.reason, 'GiveInput'),
    by: textOr(command.by, 'GiveInput'),
  };
};

/** A command as JSON, for the journal, however it looks. */
export const describeCommand = (command: unknown): JsonValue => {
  try {
    return JSON.parse(JSON.stringify(command) ?? 'null') as JsonValue;
  } catch {
    return typeof command;
  }
};
