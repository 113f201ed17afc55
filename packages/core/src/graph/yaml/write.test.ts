import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import type { JsonValue } from '../../json.ts';
import { defineGraph } from '../graph.ts';
import { idProblem } from '../node-id.ts';
import type { GraphDefinition, NodeDefinition } from '../model.ts';
import { loadYaml } from './load.ts';
import { toYaml } from './write.ts';

it('writes the keys as YAML spells them, and short lists on one line', () => {
  const graph = defineGraph({
    name: 'g',
    tags: ['a', 'b'],
    config: {
      maxAttempts: 2,
      nodeOrder: 'definition',
      retryStrategy: { type: 'linear', delay: 1 },
    },
    nodes: [
      { id: 'a', action: 'x' },
      {
        id: 'b',
        action: 'x',
        tryCount: 2,
        duration: 1.5,
        cacheStrategy: { ttl: 5 },
        join: { atLeast: 1 },
        dependencies: ['a'],
      },
    ],
  });
  expect(toYaml(graph)).toBe(`\
name: g
tags: [a, b]
config:
  max_attempts: 2
  node_order: definition
  retry_strategy:
    type: linear
    delay: 1
nodes:
  - id: a
    action: x
  - id: b
    action: x
    dependencies: [a]
    join:
      at_least: 1
    duration: 1.5
    try_count: 2
    cache_strategy:
      ttl: 5
`);
});

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '',
    ' ',
    '007',
    'null',
    '~',
    'true',
    '- a',
    'a: b',
    '#',
    '"',
    "'",
    'a\nb\n',
    '\t',
    '<<',
    '*a',
    '&a',
    '!a',
    '%',
    '---',
    '\ufeff',
    '1e3',
  ),
);
const id = text.filter((value) => idProblem(value) === undefined);
const name = id.filter((value) => value.trim() !== '');
const isWellFormed = (value: string): boolean => !/[\ud800-\udfff]/u.test(value);
const exact = (value: unknown): boolean => {
  if (typeof value === 'string') return isWellFormed(value);
  if (typeof value === 'number')
    return !Object.is(value, -0) && (!Number.isInteger(value) || Number.isSafeInteger(value));
  if (typeof value !== 'object' || value === null) return true;
  return Object.entries(value).every(
    ([key, member]) => key !== '__proto__' && isWellFormed(key) && exact(member),
  );
};
const literal = fc.jsonValue({ stringUnit: 'binary' }).filter(exact) as fc.Arbitrary<JsonValue>;

const node = fc.record(
  {
    action: name,
    description: text,
    instructions: fc.array(text, { maxLength: 3 }),
    inputs: fc.uniqueArray(fc.record({ name, value: literal, description: text }), {
      selector: (input) => input.name,
      maxLength: 3,
    }),
    outputs: fc.uniqueArray(fc.record({ name }), {
      selector: (output) => output.name,
      maxLength: 3,
    }),
    timeout: fc.double({ min: 0.001, max: 86_400, noNaN: true }),
    tryCount: fc.integer({ min: 1, max: 1_000 }),
    failure: name,
    onfailure: fc.boolean(),
    cacheStrategy: fc.oneof(
      fc.constantFrom('always' as const, 'never' as const),
      fc.record({ ttl: fc.integer({ min: 1, max: 99 }) }),
      fc.record({ custom: name }),
    ),
    when: fc.constantFrom('true', 'inputs.a == "x: y"'),
    enabled: fc.boolean(),
  },
  { requiredKeys: ['action'] },
);

const definition: fc.Arbitrary<GraphDefinition> = fc
  .record({
    ids: fc.uniqueArray(id, { maxLength: 6 }),
    nodes: fc.array(node, { minLength: 6, maxLength: 6 }),
    name,
    tags: fc.array(text, { maxLength: 2 }),
    description: text,
  })
  .map(({ ids, nodes, ...more }) => ({
    ...more,
    nodes: ids.map((own, i): NodeDefinition => ({
      id: own,
      ...(nodes[i] as Omit<NodeDefinition, 'id'>),
      ...(i > 0 ? { dependencies: [ids[i - 1] as string] } : {}),
    })),
  }));

it('writes what loadYaml reads as an equal graph, whatever the texts and literals', () => {
  fc.assert(
    fc.property(definition, (written) => {
      const graph = defineGraph(written);
      const { graph: read, diagnostics } = loadYaml(toYaml(graph));
      expect(diagnostics.filter((d) => d.severity === 'error')).toEqual([]);
      expect(read?.toJSON()).toEqual(graph.toJSON());
    }),
    { numRuns: 300 },
  );
});
