import type { JoinPolicy, NodeDefinition } from './model.ts';

/** Marks of a node in `Topology.flags`. */
export const NodeFlag = {
  /** Ready when a number of dependencies succeeded, not all of them. */
  COUNTED: 1,
  /** Starts disabled. */
  DISABLED: 2,
  /** Has a condition. */
  CONDITION: 4,
  /** Has inputs to resolve. */
  INPUTS: 8,
  /** Results may be reused across runs. */
  CACHED: 16,
} as const;

const NONE = -1;
/** The action whose runs count as iterations of the run. */
export const SUPERVISOR_STEP = 'supervisor_step';

const enlarged = (array: Int32Array, length: number): Int32Array<ArrayBuffer> => {
  const larger = new Int32Array(Math.max(length, array.length * 2, 16));
  larger.set(array);
  return larger;
};

const enlargedBytes = (array: Uint8Array, length: number): Uint8Array<ArrayBuffer> => {
  const larger = new Uint8Array(Math.max(length, array.length * 2, 16));
  larger.set(array);
  return larger;
};

/**
 * A graph with its nodes numbered in the order of definition and its edges in flat arrays. The edges out of a node form
 * a linked list, so that growth appends and never rebuilds.
 */
export class Topology {
  count = 0;
  edgeCount = 0;
  /** The number of the action whose runs count as iterations, or -1 when no node has it. */
  supervisor = -1;
  /** Whether some node names a failure handler. */
  hasHandlers = false;
  /** Whether some node says how long it is expected to take. */
  hasDurations = false;
  readonly definitions: NodeDefinition[];
  /** The distinct action names, and for each node the position of its own. */
  readonly actionNames: string[];
  action: Int32Array<ArrayBuffer>;
  flags: Uint8Array<ArrayBuffer>;
  /** Dependencies in all, repeated ones counted once. */
  dependencyCount: Int32Array<ArrayBuffer>;
  /** Successes that a node waits for. */
  need: Int32Array<ArrayBuffer>;
  /** First and last edge out of a node, or -1. */
  firstEdge: Int32Array<ArrayBuffer>;
  lastEdge: Int32Array<ArrayBuffer>;
  nextEdge: Int32Array<ArrayBuffer>;
  /** The dependent at the end of an edge. */
  target: Int32Array<ArrayBuffer>;
  /** 1 where the dependent runs whatever became of its dependency. */
  optional: Uint8Array<ArrayBuffer>;
  readonly #own: Map<string, number> = new Map();
  readonly #base: Topology | undefined;
  readonly #actionNumber: Map<string, number>;
  #lastAction: { readonly name: string | undefined; readonly number: number } = {
    name: undefined,
    number: -1,
  };
  /** While additions are on trial: the sizes before, and for each new edge its origin and the edge before it. */
  #trial:
    { readonly count: number; readonly edgeCount: number; readonly log: number[] } | undefined;

  /** @param capacity nodes and edges to make room for. */
  constructor(capacity: { readonly nodes: number; readonly edges: number }, base?: Topology) {
    const { nodes, edges } = capacity;
    this.#base = base;
    this.definitions = base ? base.definitions.slice() : [];
    this.actionNames = base ? base.actionNames.slice() : [];
    this.#actionNumber = new Map(this.actionNames.map((name, i) => [name, i]));
    this.action = new Int32Array(nodes);
    this.flags = new Uint8Array(nodes);
    this.dependencyCount = new Int32Array(nodes);
    this.need = new Int32Array(nodes);
    this.firstEdge = new Int32Array(nodes).fill(NONE);
    this.lastEdge = new Int32Array(nodes).fill(NONE);
    this.nextEdge = new Int32Array(edges);
    this.target = new Int32Array(edges);
    this.optional = new Uint8Array(edges);
  }

  /** A copy that may grow while this one stays as it is; the names of this one are shared, not copied. */
  fork(): Topology {
    const copy = new Topology({ nodes: 0, edges: 0 }, this);
    copy.count = this.count;
    copy.edgeCount = this.edgeCount;
    copy.hasHandlers = this.hasHandlers;
    copy.hasDurations = this.hasDurations;
    copy.supervisor = this.supervisor;
    copy.action = this.action.slice();
    copy.flags = this.flags.slice();
    copy.dependencyCount = this.dependencyCount.slice();
    copy.need = this.need.slice();
    copy.firstEdge = this.firstEdge.slice();
    copy.lastEdge = this.lastEdge.slice();
    copy.nextEdge = this.nextEdge.slice();
    copy.target = this.target.slice();
    copy.optional = this.optional.slice();
    return copy;
  }

  /** The number of a node, or undefined when the graph has no such id. */
  numberOf(id: string): number | undefined {
    return this.#own.get(id) ?? this.#base?.numberOf(id);
  }

  idOf(node: number): string {
    return (this.definitions[node] as NodeDefinition).id;
  }

  /** Adds a node without edges. Precondition: the id is new. */
  addNode(definition: NodeDefinition): number {
    const node = this.count++;
    if (node >= this.flags.length) this.#reserveNodes(this.count);
    this.definitions.push(definition);
    this.#own.set(definition.id, node);
    this.action[node] = this.#numberOfAction(definition.action);
    let flags = 0;
    if (definition.enabled === false) flags |= NodeFlag.DISABLED;
    if (definition.when !== undefined) flags |= NodeFlag.CONDITION;
    if (definition.inputs !== undefined && definition.inputs.length > 0) flags |= NodeFlag.INPUTS;
    if (definition.cacheStrategy !== undefined && definition.cacheStrategy !== 'never')
      flags |= NodeFlag.CACHED;
    this.flags[node] = flags;
    if (definition.failure !== undefined) this.hasHandlers = true;
    if (definition.duration !== undefined) this.hasDurations = true;
    return node;
  }

  #numberOfAction(name: string): number {
    // Neighbours often share their action.
    if (this.#lastAction.name === name) return this.#lastAction.number;
    let number = this.#actionNumber.get(name);
    if (number === undefined) {
      number = this.actionNames.push(name) - 1;
      if (name === SUPERVISOR_STEP) this.supervisor = number;
      this.#actionNumber.set(name, number);
    }
    this.#lastAction = { name, number };
    return number;
  }

  /** Adds the edge `from -> to`. Precondition: `to` does not depend on `from` yet, and no cycle comes of it. */
  addEdge(from: number, to: number, optional: boolean): void {
    const edge = this.edgeCount++;
    if (edge >= this.target.length) this.#reserveEdges(this.edgeCount);
    this.target[edge] = to;
    this.nextEdge[edge] = NONE;
    if (optional) this.optional[edge] = 1;
    const last = this.lastEdge[from] as number;
    this.#trial?.log.push(from, last);
    if (last === NONE) this.firstEdge[from] = edge;
    else this.nextEdge[last] = edge;
    this.lastEdge[from] = edge;
    this.dependencyCount[to] = (this.dependencyCount[to] as number) + 1;
    if (!optional) this.need[to] = (this.need[to] as number) + 1;
  }

  /** Runs `attempt` on this graph, then takes back every node and edge that it added; costs what it added. */
  tryOut<T>(attempt: () => T): T {
    const trial = { count: this.count, edgeCount: this.edgeCount, log: [] as number[] };
    const { hasDurations } = this;
    this.#trial = trial;
    try {
      return attempt();
    } finally {
      this.#trial = undefined;
      this.hasDurations = hasDurations;
      this.#takeBack(trial.count, trial.edgeCount, trial.log);
    }
  }

  #takeBack(count: number, edgeCount: number, log: number[]): void {
    for (let edge = this.edgeCount - 1; edge >= edgeCount; edge--) {
      const before = log.pop() as number;
      const from = log.pop() as number;
      this.optional[edge] = 0;
      this.lastEdge[from] = before;
      if (before === NONE) this.firstEdge[from] = NONE;
      else this.nextEdge[before] = NONE;
    }
    this.edgeCount = edgeCount;
    for (let node = count; node < this.count; node++) this.#own.delete(this.idOf(node));
    this.dependencyCount.fill(0, count, this.count);
    this.need.fill(0, count, this.count);
    this.definitions.length = count;
    this.count = count;
  }

  /** Makes `node` wait for a number of successes in place of all. Call it after the edges of the node. */
  setJoin(node: number, join: JoinPolicy | undefined): void {
    if (join === undefined || join === 'all') return;
    this.flags[node] = (this.flags[node] as number) | NodeFlag.COUNTED;
    this.need[node] = join === 'any' ? 1 : join.atLeast;
  }

  /** The dependents of a node, in the order of their definition. */
  dependentsOf(node: number): number[] {
    const found: number[] = [];
    for (let e = this.firstEdge[node] as number; e !== NONE; e = this.nextEdge[e] as number)
      found.push(this.target[e] as number);
    return found;
  }

  /** The dependencies of a node as numbers, each once. */
  dependenciesOf(node: number): { readonly node: number; readonly optional: boolean }[] {
    const found: { readonly node: number; readonly optional: boolean }[] = [];
    const seen = (this.dependencyCount[node] as number) > 1 ? new Set<number>() : undefined;
    for (const dependency of this.definitions[node]?.dependencies ?? []) {
      const plain = typeof dependency === 'string';
      const number = this.numberOf(plain ? dependency : dependency.id);
      if (number === undefined || (seen === undefined ? found.length > 0 : seen.has(number)))
        continue;
      seen?.add(number);
      found.push({ node: number, optional: !plain && dependency.optional === true });
    }
    return found;
  }

  /** The supervisor's steps that wait for the end of a node, however it ends. */
  *supervisorsOf(node: number): IterableIterator<number> {
    if (this.supervisor === NONE) return;
    for (let e = this.firstEdge[node] as number; e !== NONE; e = this.nextEdge[e] as number) {
      const to = this.target[e] as number;
      if (this.optional[e] === 1 && this.action[to] === this.supervisor) yield to;
    }
  }

  /** A node and everything downstream of it. */
  branchOf(node: number): number[] {
    const seen = new Set([node]);
    for (const member of seen) {
      for (let e = this.firstEdge[member] as number; e !== NONE; e = this.nextEdge[e] as number)
        seen.add(this.target[e] as number);
    }
    return [...seen];
  }

  #reserveNodes(length: number): void {
    const from = this.firstEdge.length;
    this.action = enlarged(this.action, length);
    this.flags = enlargedBytes(this.flags, length);
    this.dependencyCount = enlarged(this.dependencyCount, length);
    this.need = enlarged(this.need, length);
    this.firstEdge = enlarged(this.firstEdge, length).fill(NONE, from);
    this.lastEdge = enlarged(this.lastEdge, length).fill(NONE, from);
  }

  #reserveEdges(length: number): void {
    this.nextEdge = enlarged(this.nextEdge, length);
    this.target = enlarged(this.target, length);
    this.optional = enlargedBytes(this.optional, length);
  }
}
