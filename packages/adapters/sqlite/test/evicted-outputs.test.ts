import { ActionRegistry, DagExecutor, type NodeDefinition, type RunReport } from '@dagger/core';
import type { KyselyPlugin } from 'kysely';
import { describe, expect, it } from 'vitest';
import { sqlite } from '../src/index.ts';

/** Runs a graph, one node at a time, whose cache may hold so many entries. */
const setup = async (nodes: readonly NodeDefinition[], maxEntries: number): Promise<RunReport> => {
  const registry = new ActionRegistry([
    { name: 'make', execute: () => ({ x: 1, y: 2 }) },
    { name: 'show', execute: ({ inputs }: { readonly inputs: object }) => ({ given: inputs }) },
  ] as never);
  await using executor = await DagExecutor.open({
    registry,
    storage: sqlite('sqlite::memory:'),
    cacheLimits: { maxEntries },
    config: { maxAttempts: 1, maxParallelNodes: 1, onFailure: 'continue' },
  });
  executor.add({ name: 'g', nodes });
  const report = await executor.run('g', { inputs: { one: 1, two: 2 } });
  report.toJSON();
  return report;
};

const reads = (id: string, after: string, ...references: string[]): NodeDefinition => ({
  id,
  action: 'show',
  dependencies: [after],
  inputs: references.map((reference, i) => ({ name: `i${i}`, reference })),
});

describe.each([1, 2, 3])(
  'what the cache had to drop at %d entries is read from the journal',
  (maxEntries) => {
    it('when a node reads the outputs of one long before it', async () => {
      const nodes = [
        { id: 'a', action: 'make' },
        reads('b', 'a'),
        reads('c', 'b'),
        reads('d', 'c', 'a.x', 'a.y'),
      ];
      const report = await setup(nodes, maxEntries);
      expect(report.error).toBeNull();
      expect(report.node('d')?.status).toBe('succeeded');
    });

    it('when a node reads the inputs of the run', async () => {
      const report = await setup(
        [{ id: 'a', action: 'make' }, reads('b', 'a', 'inputs.one', 'inputs.two')],
        maxEntries,
      );
      expect(report.error).toBeNull();
    });

    it('when a condition reads it', async () => {
      const nodes = [
        { id: 'a', action: 'make' },
        { ...reads('b', 'a'), when: 'outputs.a.x == 1.0 && outputs.a.y == 2.0' },
      ];
      expect((await setup(nodes, maxEntries)).error).toBeNull();
    });

    it('when the report shows it', async () => {
      const report = await setup(
        [{ id: 'a', action: 'make' }, reads('b', 'a', 'a.x'), reads('c', 'b', 'b.given')],
        maxEntries,
      );
      expect(report.node('a')?.outputs).toEqual({ x: 1, y: 2 });
    });
  },
);

it('loading outputs again costs a row of the journal each time, and the whole of it once', async () => {
  const NODES = 300;
  let rows = 0;
  const storage = sqlite('sqlite::memory:');
  const counting: KyselyPlugin = {
    transformQuery: ({ node }) => node,
    async transformResult({ result }) {
      if (result.rows.some((row) => 'body' in row)) rows += result.rows.length;
      return Promise.resolve(result);
    },
  };
  await using executor = await DagExecutor.open({
    registry: new ActionRegistry([
      { name: 'make', execute: ({ nodeId }) => ({ x: nodeId }) },
      { name: 'show', execute: ({ inputs }) => ({ given: inputs['i0'] ?? null }) },
    ]),
    storage: { ...storage, db: storage.db.withPlugin(counting) },
    cacheLimits: { maxEntries: 1 },
  });
  const nodes: NodeDefinition[] = [{ id: 'n0', action: 'make' }];
  // Of every two nodes one needs nothing, so that the cache drops what the other one needs.
  for (let i = 1; i < NODES; i++)
    nodes.push(reads(`n${i}`, `n${i - 1}`, ...(i % 2 === 0 ? ['n0.x'] : [])));
  executor.add({ name: 'g', nodes });
  const run = await executor.start('g');
  let before = -1;
  run.events.subscribe((event) => {
    if (event.type === 'RunFinished') before = rows;
  });
  expect(await run.done).toMatchObject({ status: 'succeeded' });
  const loads = NODES / 2 - 1;
  expect(before).toBeGreaterThanOrEqual(loads);
  expect(before).toBeLessThan(loads + 20);
});

it('a connection that breaks while outputs are loaded again does not fail the node that reads them', async () => {
  let breaks = 0;
  const storage = sqlite('sqlite::memory:');
  const breaking: KyselyPlugin = {
    transformQuery({ node }) {
      const reads = node.kind === 'SelectQueryNode' && JSON.stringify(node).includes('journal');
      if (reads && breaks-- > 0) throw new Error('the connection broke');
      return node;
    },
    transformResult: ({ result }) => Promise.resolve(result),
  };
  await using executor = await DagExecutor.open({
    registry: new ActionRegistry([
      { name: 'make', execute: () => ({ x: 1 }) },
      { name: 'show', execute: ({ inputs }) => ({ given: inputs['i0'] ?? null }) },
      { name: 'break', execute: () => void (breaks = 1) },
    ]),
    storage: { ...storage, db: storage.db.withPlugin(breaking) },
    cacheLimits: { maxEntries: 1 },
    config: { maxAttempts: 1 },
  });
  executor.add({
    name: 'g',
    nodes: [
      { id: 'a', action: 'make' },
      { id: 'b', action: 'make', dependencies: ['a'] },
      { id: 'c', action: 'break', dependencies: ['b'] },
      reads('d', 'c', 'a.x'),
    ],
  });
  const report = await executor.run('g');
  expect(breaks).toBeLessThan(1);
  expect(report.node('d')?.outputs).toEqual({ given: 1 });
});
