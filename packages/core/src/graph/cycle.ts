import type { Topology } from './topology.ts';

/** Cycles named at the most; a file with more has one mistake, repeated. */
const MOST = 5;

/**
 * Finds cycles: none when there is none, else up to five that share no node, each as a path in which every node depends
 * on the next. Kahn's algorithm leaves the nodes on or behind cycles; walking their dependencies closes one.
 */
export const findCycle = (topology: Topology): number[][] => {
  const left = topology.dependencyCount.slice(0, topology.count);
  const order: number[] = [];
  for (let n = 0; n < topology.count; n++) if (left[n] === 0) order.push(n);
  for (let i = 0; i < order.length; i++) {
    for (
      let e = topology.firstEdge[order[i] as number] as number;
      e !== -1;
      e = topology.nextEdge[e] as number
    ) {
      const to = topology.target[e] as number;
      if ((left[to] = (left[to] as number) - 1) === 0) order.push(to);
    }
  }
  const cycles: number[][] = [];
  if (order.length === topology.count) return cycles;
  const done = new Uint8Array(topology.count);
  for (const n of order) done[n] = 1;
  for (let start = 0; start < topology.count && cycles.length < MOST; start++) {
    if (done[start] === 1) continue;
    const position = new Map<number, number>();
    const path: number[] = [];
    let at: number | undefined = start;
    while (at !== undefined && !position.has(at)) {
      position.set(at, path.length);
      path.push(at);
      at = topology.dependenciesOf(at).find((d) => done[d.node] === 0)?.node;
    }
    if (at !== undefined) {
      const cycle = path.slice(position.get(at));
      const lowest = cycle.indexOf(Math.min(...cycle.slice(0, 10_000)));
      cycles.push([...cycle.slice(lowest), ...cycle.slice(0, lowest)]);
    }
    for (const n of path) done[n] = 1;
  }
  return cycles;
};
