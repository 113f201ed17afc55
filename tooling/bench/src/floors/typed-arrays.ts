import type { Contender } from '../contender.ts';
import type { Plan } from '../shapes.ts';
import type { Work } from '../work.ts';

/** Floor A: what scheduling costs when nothing is an object and nothing is a promise. The node is a synchronous callback. */
export const typedArrays: Contender = {
  name: 'typed arrays',

  async run(plan, work) {
    const { missing, offsets, targets } = compile(plan);
    const queue = new Int32Array(plan.nodes.length);
    let queued = 0;
    for (let node = 0; node < missing.length; node += 1)
      if (missing[node] === 0) queue[queued++] = node;
    const finish = (node: number): void => {
      for (let edge = offsets[node]!; edge < offsets[node + 1]!; edge += 1) {
        const target = targets[edge]!;
        missing[target]! -= 1;
        if (missing[target] === 0) queue[queued++] = target;
      }
    };
    for (let head = 0; head < queued; head += 1) callBack(work, queue[head]!, finish);
    return queue;
  },

  async grow(total, work) {
    const queue = new Int32Array(total);
    let queued = 1;
    const addTwo = (): void => {
      for (let added = 0; added < 2 && queued < total; added += 1) queue[queued] = queued++;
    };
    for (let head = 0; head < queued; head += 1) callBack(work, queue[head]!, addTwo);
    return queue;
  },
};

function callBack(work: Work, node: number, done: (node: number) => void): void {
  work.count();
  done(node);
}

function compile(plan: Plan): { missing: Int32Array; offsets: Int32Array; targets: Int32Array } {
  const { nodes } = plan;
  const numbers = new Map<string, number>();
  const missing = new Int32Array(nodes.length);
  const offsets = new Int32Array(nodes.length + 1);
  for (const [node, { id, deps }] of nodes.entries()) {
    numbers.set(id, node);
    missing[node] = deps.length;
    for (const dep of deps) offsets[numbers.get(dep)! + 1]! += 1;
  }
  for (let node = 0; node < nodes.length; node += 1) offsets[node + 1]! += offsets[node]!;
  const targets = new Int32Array(offsets[nodes.length]!);
  const next = offsets.slice();
  for (const [node, { deps }] of nodes.entries()) {
    for (const dep of deps) {
      const from = numbers.get(dep)!;
      targets[next[from]!] = node;
      next[from]! += 1;
    }
  }
  return { missing, offsets, targets };
}
