import type { Topology } from './topology.ts';

/** Cycles named at the most; a file with more has one mistake, repeated. */
const MOST = 5;

/**
 * Finds cycles: none when there is none, else up to five that share no node, each as a path in which every node depends
 * on the next. Kahn's algorithm leaves the nodes on or behind cycles; walking their dependencies closes one. Only nodes
 * numbered `first` or more are looked at: those before are known to be sound, and depend on none of the new ones.
 */
export const findCycle = (topology: Topology, first = 0): number[][] => {
  const size = topology.count - first;
  const left =
    first === 0 ? topology.dependencyCount.slice(0, size) : dependenciesAmong(topology, first);
  const order: number[] = [];
  for (let n = first; n < topology.count; n++) if (left[n - first] === 0) order.push(n);
  for (let i = 0; i < order.length; i++) {
    for (
      let e = topology.firstEdge[order[i] as number] as number;
      e !== -1;
      e = topology.nextEdge[e] as number
    ) {
      const to = topology.target[e] as number;
      if ((left[to - first] = (left[to - first] as number) - 1) === 0) order.push(to);
    }
  }
  const cycles: number[][] = [];
  if (order.length === size) return cycles;
  const done = new Uint8Array(size);
  for (const n of order) done[n - first] = 1;
  for (let start = first; start < topology.count && cycles.length < MOST; start++) {
    if (done[start - first] === 1) continue;
    const position = new Map<number, number>();
    const path: number[] = [];
    let at: number | undefined = start;
    while (at !== undefined && !position.has(at)) {
      position.set(at, path.length);
      path.push(at);
      at = topology
        .dependenciesOf(at)
        .find((d) => d.node >= first && done[d.node - first] === 0)?.node;
    }
    if (at !== undefined) {
      const cycle = path.slice(position.get(at));
      const lowest = cycle.indexOf(Math.min(...cycle.slice(0, 10_000)));
      cycles.push([...cycle.slice(lowest), ...cycle.slice(0, lowest)]);
    }
    for (const n of path) done[n - first] = 1;
  }
  return cycles;
};

/** For each node from `first` on, how many of its dependencies are among them too. */
const dependenciesAmong = (topology: Topology, first: number): Int32Array<ArrayBuffer> => {
  const counts = new Int32Array(topology.count - first);
  for (let n = first; n < topology.count; n++) {
    counts[n - first] = topology.dependenciesOf(n).filter(({ node }) => node >= first).length;
  }
  return counts;
};
