import { Document, Scalar, visit } from 'yaml';
import type { Graph } from '../graph.ts';
import { GRAPH_KEYS, NODE_KEYS, snakeCase } from '../keys.ts';
import type { GraphDefinition, NodeDefinition } from '../model.ts';
import { FORBIDDEN } from './text.ts';

type Parts = Readonly<Record<string, unknown>>;

/** A copy with the keys in the order in which they are best read, spelled as YAML spells them. */
const ordered = (parts: Parts, keys: readonly string[]): Record<string, unknown> => {
  const copy: Record<string, unknown> = {};
  for (const key of keys) if (parts[key] !== undefined) copy[snakeCase(key)] = parts[key];
  return copy;
};

const spelled = (parts: Parts): Record<string, unknown> => ordered(parts, Object.keys(parts));

const writeJoin = (join: NodeDefinition['join']): unknown =>
  typeof join === 'object' ? { at_least: join.atLeast } : join;

const writeNode = (node: NodeDefinition): Record<string, unknown> =>
  ordered({ ...node, join: writeJoin(node.join) }, NODE_KEYS);

const writeConfig = (config: GraphDefinition['config']): unknown => {
  if (config === undefined) return undefined;
  const { retryStrategy, ...rest } = config;
  const written = spelled(rest);
  if (retryStrategy === undefined) return written;
  return {
    ...written,
    retry_strategy: typeof retryStrategy === 'string' ? retryStrategy : spelled(retryStrategy),
  };
};

/** Characters that must be escapes, and thus in double quotes: what YAML forbids, and what editors take for line ends. */
const ESCAPED = new RegExp(`${FORBIDDEN.source}|[\\r\\u0085\\u2028\\u2029]`, 'gu');

const escape = (char: string): string => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** Writes a graph as YAML; `loadYaml` reads an equal graph from it. */
export const toYaml = (graph: Graph): string => {
  const definition: GraphDefinition = graph.toJSON();
  const parts = {
    ...definition,
    config: writeConfig(definition.config),
    nodes: definition.nodes.map(writeNode),
  };
  const document = new Document(ordered(parts, GRAPH_KEYS), { aliasDuplicateObjects: false });
  visit(document, {
    Pair: (_, pair) => {
      const { key, value } = pair as {
        readonly key: { readonly value?: unknown };
        readonly value: { flow?: boolean } | null;
      };
      // Lists of plain words read better on one line, as people write `dependencies: [a, b]`.
      if ((key.value === 'dependencies' || key.value === 'tags') && value !== null)
        value.flow = true;
    },
    Scalar: (_, scalar) => {
      if (typeof scalar.value === 'string' && scalar.value.search(ESCAPED) !== -1)
        scalar.type = Scalar.QUOTE_DOUBLE;
    },
  });
  return document.toString({ lineWidth: 0, flowCollectionPadding: false }).replace(ESCAPED, escape);
};
