import type { Topology } from '../graph/topology.ts';

/** Edges that each added node may cost on the way up to what it makes longer. */
const REACH = 256;

/**
 * How long the longest path from each node to an end of the graph takes, the node itself included: its level. Who starts
 * by level, the highest first, keeps the critical path short. Only the order of starts depends on it, never a result.
 */
export class Levels {
  readonly #secondsOf: (n: number) => number;
  #level: Float64Array<ArrayBuffer>;
  #seconds: Float64Array<ArrayBuffer>;
  #dependents: Int32Array<ArrayBuffer>;
  #count = 0;

  /**
   * Costs O(nodes + edges).
   * @param secondsOf how long a node takes, or is assumed to; at least 0
   */
  constructor(topology: Topology, secondsOf: (n: number) => number) {
    this.#secondsOf = secondsOf;
    this.#level = new Float64Array(topology.count);
    this.#seconds = new Float64Array(topology.count);
    this.#dependents = new Int32Array(topology.count);
    this.#add(topology);
  }

  /** The levels of a graph from the beginning, with the same durations. */
  over(topology: Topology): Levels {
    return new Levels(topology, this.#secondsOf);
  }

  /** Seconds from the start of a node to the end of the longest path that begins with it. */
  of(n: number): number {
    return this.#level[n] as number;
  }

  /** Whether `a` starts before `b`: the longer path first, then more dependents, then the order of definition. */
  before(a: number, b: number): boolean {
    const first = this.#level[a] as number;
    const second = this.#level[b] as number;
    if (first !== second) return first > second;
    const more = (this.#dependents[a] as number) - (this.#dependents[b] as number);
    return more === 0 ? a < b : more > 0;
  }

  /**
   * Takes up the nodes that the topology has grown since, and raises what now has a longer path before it. It goes up
   * through open nodes only, only while a level really rises, and over no more than `reach` edges for each added node, so
   * that growth costs O(1) a node however long the chain is that it was added to. What it does not reach stays too low.
   * @param raised told of each older node that may have a new place
   */
  grow(
    topology: Topology,
    isOpen: (n: number) => boolean,
    raised: (n: number) => void,
    reach: number = REACH,
  ): void {
    const first = this.#count;
    this.#add(topology);
    const rising: number[] = [];
    for (let n = first; n < topology.count; n++) rising.push(n);
    let left = reach * rising.length;
    for (let i = 0; i < rising.length; i++) {
      const n = rising[i] as number;
      const added = n >= first;
      if (!added && (left -= topology.dependencyCount[n] as number) < 0) return;
      for (const { node } of topology.dependenciesOf(n)) {
        // The added ones know of each other already.
        if (node >= first || !isOpen(node)) continue;
        if (added) this.#dependents[node] = (this.#dependents[node] as number) + 1;
        const level = (this.#seconds[node] as number) + this.of(n);
        if (level > this.of(node)) {
          this.#level[node] = level;
          rising.push(node);
        } else if (!added) continue;
        raised(node);
      }
    }
  }

  /** Gives each node from `#count` on its level. Edges out of these lead among them only. */
  #add(topology: Topology): void {
    const { count, firstEdge, nextEdge, target } = topology;
    this.#reserve(count);
    const order = inOrder(topology, this.#count);
    for (let i = order.length - 1; i >= 0; i--) {
      const n = order[i] as number;
      const seconds = this.#secondsOf(n);
      let longest = 0;
      let dependents = 0;
      for (let e = firstEdge[n] as number; e !== -1; e = nextEdge[e] as number) {
        longest = Math.max(longest, this.of(target[e] as number));
        dependents++;
      }
      this.#seconds[n] = seconds;
      this.#level[n] = seconds + longest;
      this.#dependents[n] = dependents;
    }
    this.#count = count;
  }

  #reserve(length: number): void {
    if (length <= this.#level.length) return;
    const room = Math.max(length, this.#level.length * 2, 16);
    const [level, seconds] = [new Float64Array(room), new Float64Array(room)];
    const dependents = new Int32Array(room);
    level.set(this.#level);
    seconds.set(this.#seconds);
    dependents.set(this.#dependents);
    this.#level = level;
    this.#seconds = seconds;
    this.#dependents = dependents;
  }
}

/** The nodes from `first` on, each after those of them that it depends on. */
const inOrder = (topology: Topology, first: number): Int32Array<ArrayBuffer> => {
  const { count, firstEdge, nextEdge, target } = topology;
  const waiting = new Int32Array(count - first);
  for (let n = first; n < count; n++) {
    for (let e = firstEdge[n] as number; e !== -1; e = nextEdge[e] as number) {
      const to = (target[e] as number) - first;
      waiting[to] = (waiting[to] as number) + 1;
    }
  }
  const order = new Int32Array(count - first);
  let placed = 0;
  for (let n = first; n < count; n++) if (waiting[n - first] === 0) order[placed++] = n;
  for (let i = 0; i < placed; i++) {
    for (let e = firstEdge[order[i] as number] as number; e !== -1; e = nextEdge[e] as number) {
      const to = (target[e] as number) - first;
      if ((waiting[to] = (waiting[to] as number) - 1) === 0) order[placed++] = to + first;
    }
  }
  return order;
};
