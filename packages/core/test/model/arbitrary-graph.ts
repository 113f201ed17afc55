import * as fc from 'fast-check';
import type { DependencySpec, JoinPolicy, NodeDefinition } from '../../src/graph/model.ts';

/** What a random node is made of; the numbers become dependencies once it is known what there is to depend on. */
export interface NodeSeed {
  readonly picks: readonly number[];
  readonly optional: readonly boolean[];
  readonly join: 'all' | 'any' | 'some';
  readonly disabled: boolean;
  readonly stops: boolean;
  /** Attempts that fail before one succeeds; 9 stands for all of them. */
  readonly failures: number;
  readonly tryCount: number;
  readonly when: 'none' | 'true' | 'false';
  /** Expected seconds; 0 where nobody knows. */
  readonly duration: number;
}

const seldom = (weight: number): fc.Arbitrary<boolean> => fc.nat(weight).map((n) => n === weight);

export const nodeSeed: fc.Arbitrary<NodeSeed> = fc.record({
  picks: fc.array(fc.nat(999), { maxLength: 4 }),
  optional: fc.array(seldom(3), { minLength: 4, maxLength: 4 }),
  join: fc.constantFrom('all', 'all', 'all', 'any', 'some'),
  disabled: seldom(25),
  stops: seldom(25),
  failures: fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 9),
  tryCount: fc.integer({ min: 1, max: 3 }),
  when: fc.nat(29).map((n) => (n < 28 ? 'none' : n === 28 ? 'true' : 'false')),
  duration: fc.constantFrom(0, 0, 1, 2, 7),
});

const joinOf = (join: NodeSeed['join'], dependencies: number): JoinPolicy => {
  if (join === 'all' || dependencies === 0) return 'all';
  return join === 'any' ? 'any' : { atLeast: 1 + Math.floor(dependencies / 2) };
};

/** The action of a random node names what its attempts do. */
const actionOf = ({ failures }: NodeSeed): string => `fails-${failures}`;

export const ACTIONS: readonly string[] = [0, 1, 2, 9].map((n) => `fails-${n}`);

/** How many attempts of a node fail before one succeeds. */
export const failuresOf = (definition: NodeDefinition): number =>
  Number(definition.action.slice('fails-'.length));

/** A node with the dependencies that its seed picks among `ids`. */
const nodeOf = (id: string, seed: NodeSeed, ids: readonly string[]): NodeDefinition => {
  const chosen = [...new Set(seed.picks.map((pick) => ids[pick % Math.max(1, ids.length)]))].filter(
    (found) => found !== undefined,
  );
  const dependencies = chosen.map((found, i): DependencySpec =>
    seed.optional[i] === true ? { id: found, optional: true } : found,
  );
  // Optional dependencies have no meaning under the other joins, and are refused there.
  const join = dependencies.every((d) => typeof d === 'string')
    ? joinOf(seed.join, dependencies.length)
    : 'all';
  return {
    id,
    action: actionOf(seed),
    tryCount: seed.tryCount,
    ...(dependencies.length === 0 ? {} : { dependencies }),
    ...(join === 'all' ? {} : { join }),
    ...(seed.disabled ? { enabled: false } : {}),
    ...(seed.stops ? { onfailure: false } : {}),
    ...(seed.when === 'none' ? {} : { when: seed.when }),
    ...(seed.duration === 0 ? {} : { duration: seed.duration }),
  };
};

type Shape = 'random' | 'chain' | 'layers';

const candidates = (shape: Shape, i: number): number[] => {
  const before = Array.from({ length: i }, (_, k) => k);
  switch (shape) {
    case 'random':
      return before;
    case 'chain':
      return before.slice(-1);
    case 'layers':
      return before.slice(Math.max(0, 3 * (Math.floor(i / 3) - 1)), 3 * Math.floor(i / 3));
  }
};

/** Nodes of a graph without cycles; half of the time a node is defined before those that it depends on. */
export const arbitraryNodes: fc.Arbitrary<readonly NodeDefinition[]> = fc
  .record({
    shape: fc.constantFrom<Shape>('random', 'random', 'chain', 'layers'),
    seeds: fc.array(nodeSeed, { minLength: 1, maxLength: 12, size: 'max' }),
    backwards: fc.boolean(),
  })
  .map(({ shape, seeds, backwards }) => {
    const nodes = seeds.map((seed, i) =>
      nodeOf(
        `n${i}`,
        seed,
        candidates(shape, i).map((k) => `n${k}`),
      ),
    );
    return backwards ? nodes.reverse() : nodes;
  });

/** Nodes to add to a run that has `ids`: they may depend on each other, in any order. `enabled` is no part of a spec. */
export const grownNodes = (
  prefix: string,
  seeds: readonly NodeSeed[],
  ids: readonly string[],
  backwards: boolean,
): NodeDefinition[] => {
  const nodes: NodeDefinition[] = [];
  for (const [i, seed] of seeds.entries())
    nodes.push(
      nodeOf(`${prefix}${i}`, { ...seed, disabled: false }, [
        ...nodes.map((node) => node.id),
        ...ids,
      ]),
    );
  return backwards ? nodes.reverse() : nodes;
};
