import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { notAncestors, type AncestorQuestion } from './ancestors.ts';
import { defineGraph, Graph } from './graph.ts';
import type { Topology } from './topology.ts';

const size = 40;

const topologyOf = (edges: readonly (readonly [number, number])[]): Topology => {
  const nodes = Array.from({ length: size }, (_, i) => ({
    id: `n${i}`,
    action: 'x',
    dependencies: [
      ...new Set(
        edges
          .filter(([from, to]) => Math.max(from, to) === i && from !== to)
          .map(([from, to]) => `n${Math.min(from, to)}`),
      ),
    ],
  }));
  return Graph.topologyOf(defineGraph({ name: 'g', nodes }));
};

const isBefore = (topology: Topology, from: number, to: number): boolean =>
  from !== to && topology.branchOf(from).includes(to);

const number = fc.nat({ max: size - 1 });
const pair = fc.tuple(number, number);

it.each([
  ['one by one', 10],
  ['in batches', 200],
])('the questions whose answer is no are those that walking the graph finds, %s', (_, count) => {
  fc.assert(
    fc.property(
      fc.array(pair, { maxLength: 90 }),
      fc.array(pair, { minLength: count, maxLength: count }),
      (edges, pairs) => {
        const topology = topologyOf(edges);
        const questions: AncestorQuestion[] = pairs.map(([from, to]) => ({ from, to }));
        const expected = questions.filter(({ from, to }) => !isBefore(topology, from, to));
        expect(new Set(notAncestors(topology, questions))).toEqual(new Set(expected));
      },
    ),
    { numRuns: 60 },
  );
});
