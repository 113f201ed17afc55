import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addNodes } from '../graph/compile.ts';
import { Topology } from '../graph/topology.ts';
import { Levels } from './schedule.ts';

/** A node by the numbers of the earlier nodes that it depends on, and its seconds. */
interface Seed {
  readonly picks: readonly number[];
  readonly seconds: number;
}

const seeds = (most: number): fc.Arbitrary<readonly Seed[]> =>
  fc.array(fc.record({ picks: fc.array(fc.nat(99), { maxLength: 4 }), seconds: fc.nat(20) }), {
    minLength: 1,
    maxLength: most,
    size: 'max',
  });

const setup = () => {
  const topology = new Topology({ nodes: 0, edges: 0 });
  const seconds: number[] = [];
  /** Half of the time the nodes of a batch come before those of it that they depend on. */
  const add = (batch: readonly Seed[], backwards: boolean): void => {
    const first = topology.count;
    const place = (k: number): number =>
      k < first || !backwards ? k : first + batch.length - 1 - (k - first);
    const nodes = batch.map(({ picks }, i) => ({
      id: `n${place(first + i)}`,
      action: 'work',
      dependencies: [...new Set(picks.map((pick) => pick % Math.max(1, first + i)))]
        .filter((k) => k < first + i)
        .map((k) => `n${place(k)}`),
    }));
    const taken = batch.map((seed) => seed.seconds);
    seconds.push(...(backwards ? taken.toReversed() : taken));
    addNodes(topology, backwards ? nodes.toReversed() : nodes, []);
  };
  const naive = (n: number): number =>
    (seconds[n] as number) + Math.max(0, ...topology.dependentsOf(n).map(naive));
  const all = (): number[] => Array.from({ length: topology.count }, (_, n) => n);
  const levels = (): Levels => new Levels(topology, (n) => seconds[n] as number);
  return { topology, add, naive, all, levels };
};

const chain = (length: number, first = 0): Seed[] =>
  Array.from({ length }, (_, i) => ({
    picks: first + i === 0 ? [] : [first + i - 1],
    seconds: 1,
  }));

const always = (): boolean => true;
const nobody = (): void => {};

describe('the level of a node', () => {
  it('is the longest path from it to an end of the graph', () => {
    fc.assert(
      fc.property(seeds(14), fc.boolean(), (batch, backwards) => {
        const { add, naive, all, levels } = setup();
        add(batch, backwards);
        const found = levels();
        expect(all().map((n) => found.of(n))).toEqual(all().map(naive));
      }),
    );
  });

  it('is that of the grown graph after every growth, and every change of an older node is told', () => {
    fc.assert(
      fc.property(
        seeds(8),
        fc.array(fc.tuple(seeds(3), fc.boolean()), { minLength: 1, maxLength: 4 }),
        (batch, growth) => {
          const { topology, add, naive, all, levels } = setup();
          add(batch, false);
          const found = levels();
          for (const [more, backwards] of growth) {
            const before = all().map((n) => found.of(n));
            add(more, backwards);
            const told = new Set<number>();
            found.grow(topology, always, (n) => told.add(n));
            expect(all().map((n) => found.of(n))).toEqual(all().map(naive));
            const changed = [...before.keys()].filter((n) => found.of(n) !== before[n]);
            expect([...told]).toEqual(expect.arrayContaining(changed));
            const anew = levels();
            for (const a of all())
              for (const b of all()) expect(found.before(a, b)).toBe(anew.before(a, b));
          }
        },
      ),
    );
  });

  it('rises only as far as growth goes up through open nodes', () => {
    const { topology, add, levels } = setup();
    add(chain(4), false);
    const found = levels();
    add([{ picks: [3], seconds: 10 }], false);
    found.grow(topology, (n) => n !== 1, nobody);
    expect([0, 1, 2, 3, 4].map((n) => found.of(n))).toEqual([4, 3, 12, 11, 10]);
  });

  it('costs a bounded number of steps for each added node, however long the chain', () => {
    const { topology, add, levels } = setup();
    add(chain(5_000), false);
    const found = levels();
    add(chain(1, 5_000), false);
    let told = 0;
    found.grow(topology, always, () => told++);
    expect(told).toBeLessThan(300);
    expect(found.of(4_999)).toBe(2);
  });

  it('does not look through a wide join on the way up', () => {
    const { topology, add } = setup();
    add(
      Array.from({ length: 1_000 }, () => ({ picks: [], seconds: 1 })),
      false,
    );
    addNodes(
      topology,
      [{ id: 'join', action: 'work', dependencies: topology.definitions.map(({ id }) => id) }],
      [],
    );
    const found = new Levels(topology, () => 1);
    addNodes(topology, [{ id: 'after', action: 'work', dependencies: ['join'] }], []);
    const told: number[] = [];
    found.grow(topology, always, (n) => told.push(n));
    expect(told).toEqual([1_000]);
  });
});

describe('of two nodes', () => {
  it('the one with the longer path, then more dependents, then the lower number goes first', () => {
    const topology = new Topology({ nodes: 0, edges: 0 });
    const node = (id: string, ...dependencies: readonly string[]) => ({
      id,
      action: 'work',
      dependencies,
    });
    const nodes = [
      node('plain'),
      node('other'),
      node('busy'),
      node('long'),
      node('p', 'plain'),
      node('o', 'other'),
      node('b1', 'busy'),
      node('b2', 'busy'),
      node('l', 'long'),
    ];
    addNodes(topology, nodes, []);
    const levels = new Levels(topology, (n) => (n === 3 ? 2 : 1));
    const order = [0, 1, 2, 3].toSorted((a, b) => (levels.before(a, b) ? -1 : 1));
    expect(order.map((n) => topology.idOf(n))).toEqual(['long', 'busy', 'plain', 'other']);
  });
});
