import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addNodes } from '../graph/compile.ts';
import { Topology } from '../graph/topology.ts';
import { RankedHeap } from './ranked-heap.ts';
import { Levels } from './schedule.ts';

const acts = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ push: fc.nat(99) }) },
    { weight: 2, arbitrary: fc.constant('pop' as const) },
    { weight: 1, arbitrary: fc.record({ grow: fc.nat(99), seconds: fc.nat(30) }) },
  ),
  { maxLength: 120, size: 'max' },
);

describe('the heap of ready nodes by their levels', () => {
  it('gives the longest path first, each node once, also where growth made paths longer meanwhile', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20), { minLength: 1, maxLength: 30 }), acts, (first, walk) => {
        const topology = new Topology({ nodes: 0, edges: 0 });
        const seconds = [...first];
        const node = (n: number, ...dependencies: readonly string[]) => ({
          id: `n${n}`,
          action: 'work',
          dependencies,
        });
        addNodes(
          topology,
          first.map((_, n) => node(n)),
          [],
        );
        const levels = new Levels(topology, (n) => seconds[n] as number);
        const heap = new RankedHeap(levels);
        const naive = new Set<number>();
        const [popped, expected]: [number[], number[]] = [[], []];
        for (const act of walk) {
          if (act === 'pop') {
            const [best = -1] = [...naive].toSorted((a, b) => (levels.before(a, b) ? -1 : 1));
            naive.delete(best);
            popped.push(heap.pop());
            expected.push(best);
          } else if ('push' in act) {
            heap.push(act.push % topology.count);
            naive.add(act.push % topology.count);
          } else {
            seconds.push(act.seconds);
            addNodes(topology, [node(topology.count, `n${act.grow % topology.count}`)], []);
            heap.grow(topology, () => true);
          }
          expect(heap.size).toBe(naive.size);
        }
        expect(popped).toEqual(expected);
      }),
    );
  });
});
