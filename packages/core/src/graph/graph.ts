import type { Diagnostic } from './diagnostic.ts';
import { GraphInvalidError } from './diagnostic.ts';
import type { GraphDefinition, GraphMetadata, InputField, NodeDefinition } from './model.ts';
import type { DagConfigInput } from '../config/model.ts';
import { parseConfig } from '../config/parse.ts';
import { ownJson, sealJson, sealParsed, type JsonValue } from '../json.ts';
import { addNodes, dependencyId, problem, type Problems } from './compile.ts';
import { Topology } from './topology.ts';
import { checkMeaning } from './validate.ts';
import { checkNodeShape, checkTextFields } from './shape.ts';

/** A checked, immutable graph. Runs grow copies of their own; a graph itself never changes. */
export class Graph implements GraphMetadata {
  readonly name: string;
  readonly description: string;
  readonly instructions: readonly string[];
  readonly tags: readonly string[];
  readonly author: string;
  readonly version: string;
  readonly signature: string;
  /** The settings that the graph itself brings; absent keys come from the executor. */
  readonly config: DagConfigInput;
  /** What validation had to say; warnings only, since errors are thrown. */
  readonly warnings: readonly Diagnostic[];
  readonly #topology: Topology;
  #nodes: readonly NodeDefinition[] | undefined;
  #text: string | undefined;

  /** @internal Use `defineGraph`, `graphBuilder` or the YAML loader. */
  constructor(
    definition: Omit<GraphDefinition, 'nodes'>,
    topology: Topology,
    warnings: readonly Diagnostic[],
  ) {
    this.name = definition.name;
    this.description = definition.description ?? '';
    this.instructions = Object.freeze([...(definition.instructions ?? [])]);
    this.tags = Object.freeze([...(definition.tags ?? [])]);
    this.author = definition.author ?? '';
    this.version = definition.version ?? '';
    this.signature = definition.signature ?? '';
    this.config = Object.freeze({ ...definition.config });
    this.warnings = warnings;
    this.#topology = topology;
    Object.freeze(this);
  }

  /** The nodes in the order of definition. */
  get nodes(): readonly NodeDefinition[] {
    return (this.#nodes ??= Object.freeze(
      this.#topology.definitions.map((node) => sealJson({ ...node }) as unknown as NodeDefinition),
    ));
  }

  /** The edges as pairs `[dependency, dependent]`. */
  get edges(): readonly (readonly [from: string, to: string])[] {
    return this.#topology.definitions.flatMap((node) =>
      [...new Set((node.dependencies ?? []).map(dependencyId))].map(
        (from) => [from, node.id] as const,
      ),
    );
  }

  /** The definition as plain data: `defineGraph(graph.toJSON())` gives an equal graph. */
  toJSON(): GraphDefinition {
    return { ...this.#head(), nodes: this.nodes };
  }

  #head(): Omit<GraphDefinition, 'nodes'> {
    const { name, description, instructions, tags, author, version, signature, config } = this;
    return {
      name,
      ...(description === '' ? {} : { description }),
      ...(instructions.length === 0 ? {} : { instructions }),
      ...(tags.length === 0 ? {} : { tags }),
      ...(author === '' ? {} : { author }),
      ...(version === '' ? {} : { version }),
      ...(signature === '' ? {} : { signature }),
      ...(Object.keys(config).length === 0 ? {} : { config }),
    };
  }

  /** @internal The definition as JSON text, made once. */
  static textOf(graph: Graph): string {
    return (graph.#text ??= JSON.stringify({
      ...graph.#head(),
      nodes: graph.#topology.definitions,
    }));
  }

  /** @internal The numbered form. Shared: fork it before it grows. */
  static topologyOf(graph: Graph): Topology {
    return graph.#topology;
  }
}

/** What `checkGraph` found: a graph when there is no error. */
export interface CheckedGraph {
  readonly graph: Graph | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/** A copy that later changes of the caller's object do not reach; the plain majority of nodes stays cheap. */
const ownCopy = (node: NodeDefinition): NodeDefinition => {
  const copy: { -readonly [K in keyof NodeDefinition]: NodeDefinition[K] } = { ...node };
  if (copy.dependencies !== undefined) copy.dependencies = copy.dependencies.slice();
  if (copy.inputs !== undefined)
    copy.inputs = ownJson(copy.inputs) as unknown as readonly InputField[];
  if (copy.outputs !== undefined) copy.outputs = copy.outputs.map((output) => ({ ...output }));
  return copy;
};

/** What can still be judged of a misshapen node: who it is and whom it names, so that one mistake is reported once. */
const remains = (node: unknown): NodeDefinition => {
  const { id, dependencies } = (typeof node === 'object' && node !== null ? node : {}) as {
    readonly id?: unknown;
    readonly dependencies?: unknown;
  };
  const names = Array.isArray(dependencies)
    ? dependencies.filter((d): d is string => typeof d === 'string')
    : [];
  return { id: typeof id === 'string' ? id : '', action: '', dependencies: names };
};

/**
 * The one static analysis, used for code, YAML and growth: shape, ids, dependencies, cycles, references, outputs,
 * expressions, config. Finds every problem, not the first only.
 */
export const checkGraph = (definition: GraphDefinition): CheckedGraph => {
  const problems: Problems = [];
  const root = definition as unknown;
  if (typeof root !== 'object' || root === null || Array.isArray(root)) {
    problem(problems, 'type', 'a graph is an object with a name and nodes', []);
    return { graph: undefined, diagnostics: problems };
  }
  checkTextFields(definition, problems);
  let config: DagConfigInput = {};
  if (definition.config !== undefined)
    config = parseConfig(definition.config, problems, ['config']);
  const nodes: readonly NodeDefinition[] = Array.isArray(definition.nodes) ? definition.nodes : [];
  const own: NodeDefinition[] = [];
  let edges = 0;
  const misshapen = new Set<number>();
  for (let i = 0; i < nodes.length; i++) {
    const node = nodes[i] as NodeDefinition;
    if (checkNodeShape(node, problems, ['nodes', i])) {
      own.push(ownCopy(node));
      edges += node.dependencies?.length ?? 0;
    } else {
      own.push(remains(node));
      misshapen.add(i);
    }
  }
  const topology = new Topology({ nodes: own.length, edges });
  addNodes(topology, own, problems, misshapen);
  checkMeaning(topology, 0, problems);
  const failed = problems.some((p) => p.severity === 'error');
  const graph = failed
    ? undefined
    : new Graph(
        { ...definition, config },
        topology,
        problems.filter((p) => p.severity === 'warning'),
      );
  return { graph, diagnostics: problems };
};

/**
 * Checks a definition and makes it a graph.
 * @throws GraphInvalidError with every problem found.
 */
export const defineGraph = (definition: GraphDefinition): Graph => {
  const { graph, diagnostics } = checkGraph(definition);
  if (graph === undefined)
    throw new GraphInvalidError(
      diagnostics,
      typeof definition?.name === 'string' ? { dag: definition.name } : {},
    );
  return graph;
};

/**
 * A graph from the definition that storage kept of one, which nobody else has: it was checked when it was made. Only what
 * the numbering finds anyway is found again.
 * @throws GraphInvalidError
 */
export const restoreGraph = (definition: GraphDefinition): Graph => {
  const { nodes } = definition;
  let edges = 0;
  for (const node of nodes) {
    edges += node.dependencies?.length ?? 0;
    // Literal values reach actions as they are.
    if (node.inputs !== undefined) sealParsed(node.inputs as unknown as JsonValue);
  }
  const problems: Problems = [];
  const topology = new Topology({ nodes: nodes.length, edges });
  addNodes(topology, nodes, problems);
  if (problems.some(({ severity }) => severity === 'error'))
    throw new GraphInvalidError(problems, { dag: definition.name });
  return new Graph(definition, topology, problems);
};
