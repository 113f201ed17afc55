import { problem, type Problems } from './compile.ts';
import { describeValue } from './describe.ts';
import type { DefinitionPath } from './diagnostic.ts';
import { GRAPH_KEYS, NODE_KEYS, unknownKey } from './keys.ts';
import type { GraphDefinition, NodeDefinition } from './model.ts';
import { idProblem } from './node-id.ts';
import { dependencies, inputs, outputs } from './shape-lists.ts';
import {
  boolean,
  cacheStrategy,
  expectedSeconds,
  join,
  name,
  numberOfAttempts,
  seconds,
  text,
  texts,
  type CheckPart,
} from './shape-parts.ts';

const NODE_USE = { of: 'a node', known: NODE_KEYS, synonyms: 'node', spelling: 'camel' } as const;
const GRAPH_USE = {
  of: 'a graph',
  known: GRAPH_KEYS,
  synonyms: 'graph',
  spelling: 'camel',
} as const;

/** The keys that a plain node does not have, so that their checks may cost a call. */
const RARE: ReadonlyMap<string, CheckPart> = new Map<
  Exclude<keyof NodeDefinition, 'id' | 'action' | 'dependencies'>,
  CheckPart
>([
  ['inputs', inputs],
  ['outputs', outputs],
  ['timeout', seconds],
  ['duration', expectedSeconds],
  ['tryCount', numberOfAttempts],
  ['failure', name],
  ['onfailure', boolean],
  ['description', text],
  ['instructions', texts],
  ['cacheStrategy', cacheStrategy],
  ['when', name],
  ['join', join],
  ['enabled', boolean],
]);

const missing = (key: string, nodeId: unknown): string =>
  `${key} is missing${typeof nodeId === 'string' ? '' : ': every node has an id and an action'}`;

/**
 * Whether a node has the right keys with values of the right types and ranges; reports what is wrong. Ids and edges are
 * judged later, with the whole graph at hand. Called once for every node of a large graph, so a node of `id`,
 * `action` and `dependencies` that is right costs no allocation.
 */
export const checkNodeShape = (
  node: unknown,
  problems: Problems,
  path: DefinitionPath,
): node is NodeDefinition => {
  const before = problems.length;
  if (typeof node !== 'object' || node === null || Array.isArray(node)) {
    problem(
      problems,
      'type',
      `every item of nodes must be a map with an id and an action, not ${describeValue(node)}`,
      path,
    );
    return false;
  }
  const { id, action } = node as { readonly id?: unknown; readonly action?: unknown };
  const nodeId = typeof id === 'string' ? id : undefined;
  if (nodeId === undefined) {
    if (id === undefined) problem(problems, 'type', missing('id', id), path);
    else
      problem(problems, 'id-invalid', idProblem(id) ?? 'the id must be a string', [...path, 'id']);
  }
  if (typeof action !== 'string' || action === '' || action.length > 256) {
    if (action === undefined) problem(problems, 'type', missing('action', id), path, nodeId);
    else name(action, 'action', problems, [...path, 'action'], nodeId);
  }
  for (const key in node) {
    switch (key) {
      case 'id':
      case 'action':
        break;
      case 'dependencies': {
        const value = (node as { readonly dependencies?: unknown }).dependencies;
        if (value !== undefined) dependencies(value, path, problems, nodeId);
        break;
      }
      default: {
        const value = (node as Readonly<Record<string, unknown>>)[key];
        const check = RARE.get(key);
        if (check === undefined)
          problem(problems, 'key-unknown', unknownKey(key, NODE_USE), [...path, key], nodeId);
        else if (value !== undefined) check(value, key, problems, [...path, key], nodeId);
      }
    }
  }
  return problems.length === before;
};

const GRAPH_PARTS: {
  readonly [K in Exclude<keyof GraphDefinition, 'name' | 'config' | 'nodes'>]-?: CheckPart;
} = {
  description: text,
  instructions: texts,
  tags: texts,
  author: text,
  version: text,
  signature: text,
};

/** Checks everything of a graph but its config and its nodes. */
export const checkTextFields = (definition: GraphDefinition, problems: Problems): void => {
  for (const [key, value] of Object.entries(definition) as [string, unknown][]) {
    if (key === 'name' || key === 'config' || key === 'nodes') continue;
    if (!Object.hasOwn(GRAPH_PARTS, key))
      problem(problems, 'key-unknown', unknownKey(key, GRAPH_USE), [key]);
    else if (value !== undefined)
      GRAPH_PARTS[key as keyof typeof GRAPH_PARTS](value, key, problems, [key], undefined);
  }
  if (definition.name === undefined) problem(problems, 'type', 'name is missing', []);
  else name(definition.name, 'name', problems, ['name'], undefined);
  const nodes: unknown = definition.nodes;
  if (nodes === undefined)
    problem(problems, 'type', 'nodes is missing: a graph has a list of nodes', []);
  else if (!Array.isArray(nodes))
    problem(problems, 'type', `nodes must be a list, not ${describeValue(nodes)}`, ['nodes']);
};
