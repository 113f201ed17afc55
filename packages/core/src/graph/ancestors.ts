import type { Topology } from './topology.ts';

/** A wish to know whether `from` comes before `to`. */
export interface AncestorQuestion {
  readonly from: number;
  readonly to: number;
}

/** So few questions are answered one by one; more share passes over the graph. */
const FEW = 16;
/** Questions about this many sources share a pass: one bit each. */
const BATCH = 32;

/**
 * Answers which questions are false: where no path of dependencies leads from `from` to `to`. On a graph with a cycle
 * it answers none, since there is no order to speak of.
 *
 * A few questions walk back from the dependent. Many are sorted by their sources and answered 32 at a time in one pass
 * over the stretch of the topological order that matters, so that the worst case is (sources / 32) x edges.
 */
export const notAncestors = <Q extends AncestorQuestion>(
  topology: Topology,
  questions: readonly Q[],
): Q[] =>
  questions.length <= FEW
    ? questions.filter((q) => !comesBefore(topology, q))
    : inBatches(topology, questions);

const comesBefore = (topology: Topology, { from, to }: AncestorQuestion): boolean => {
  const seen = new Set([to]);
  for (const node of seen) {
    for (const dependency of topology.definitions[node]?.dependencies ?? []) {
      const number = topology.numberOf(typeof dependency === 'string' ? dependency : dependency.id);
      if (number === from) return true;
      if (number !== undefined) seen.add(number);
    }
  }
  return false;
};

const topologicalOrder = (topology: Topology): Int32Array | undefined => {
  const left = topology.dependencyCount.slice(0, topology.count);
  const order = new Int32Array(topology.count);
  let length = 0;
  for (let n = 0; n < topology.count; n++) if (left[n] === 0) order[length++] = n;
  for (let i = 0; i < length; i++) {
    for (
      let e = topology.firstEdge[order[i] as number] as number;
      e !== -1;
      e = topology.nextEdge[e] as number
    ) {
      const to = topology.target[e] as number;
      if ((left[to] = (left[to] as number) - 1) === 0) order[length++] = to;
    }
  }
  return length === topology.count ? order : undefined;
};

const inBatches = <Q extends AncestorQuestion>(
  topology: Topology,
  questions: readonly Q[],
): Q[] => {
  const order = topologicalOrder(topology);
  if (order === undefined) return [];
  const position = new Int32Array(order.length);
  order.forEach((node, i) => (position[node] = i));
  const bySource = new Map<number, Q[]>();
  for (const question of questions) {
    const same = bySource.get(question.from);
    if (same) same.push(question);
    else bySource.set(question.from, [question]);
  }
  const sources = [...bySource.keys()].sort(
    (a, b) => (position[a] as number) - (position[b] as number),
  );
  const reached = new Int32Array(order.length);
  const wrong: Q[] = [];
  for (let start = 0; start < sources.length; start += BATCH) {
    const batch = sources.slice(start, start + BATCH);
    const first = position[batch[0] as number] as number;
    let last = first;
    batch.forEach((source, bit) => {
      reached[source] = (reached[source] as number) | (1 << bit);
      for (const { to } of bySource.get(source) as Q[])
        last = Math.max(last, position[to] as number);
    });
    const touched: number[] = [];
    for (let i = first; i <= last; i++) {
      const node = order[i] as number;
      const bits = reached[node] as number;
      if (bits === 0) continue;
      touched.push(node);
      for (
        let e = topology.firstEdge[node] as number;
        e !== -1;
        e = topology.nextEdge[e] as number
      ) {
        const to = topology.target[e] as number;
        if ((position[to] as number) <= last) reached[to] = (reached[to] as number) | bits;
      }
    }
    batch.forEach((source, bit) => {
      for (const question of bySource.get(source) as Q[]) {
        const found =
          question.to !== source && ((reached[question.to] as number) & (1 << bit)) !== 0;
        if (!found) wrong.push(question);
      }
    });
    for (const node of touched) reached[node] = 0;
  }
  return wrong;
};
