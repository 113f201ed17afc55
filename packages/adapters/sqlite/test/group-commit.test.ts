import { ActionRegistry, DagExecutor, type NodeDefinition } from '@dagger/core';
import { describe, expect, it } from 'vitest';
import { sqlite } from '../src/index.ts';

/** Runs a graph, and gives the number of groups that its journal was committed in. */
const setup = async (nodes: readonly NodeDefinition[], execute: () => unknown): Promise<number> => {
  const storage = sqlite('sqlite::memory:');
  await using executor = await DagExecutor.open({
    registry: new ActionRegistry([{ name: 'ok', execute }]),
    storage,
    config: { maxParallelNodes: 100 },
  });
  executor.add({ name: 'g', nodes });
  expect((await executor.run('g')).counts.succeeded).toBe(nodes.length);
  return (await storage.db.selectFrom('dagger_journal').select('seq').execute()).length;
};

const actions: readonly [string, () => unknown][] = [
  ['at once', () => ({})],
  ['by a promise', async () => Promise.resolve({})],
];

describe('events that arrive together are committed together', () => {
  it.each(actions)(
    'a fan-out of 1,000 nodes that end %s takes at most 50 commits [P4]',
    async (_, execute) => {
      const leaves = Array.from({ length: 1_000 }, (_x, i) => ({
        id: `n${i}`,
        action: 'ok',
        dependencies: ['root'],
      }));
      expect(await setup([{ id: 'root', action: 'ok' }, ...leaves], execute)).toBeLessThanOrEqual(
        50,
      );
    },
  );

  it.each(actions)(
    'a chain of 500 nodes that end %s takes at most 1.2 commits for each',
    async (_, execute) => {
      const chain = Array.from({ length: 500 }, (_x, i) => ({
        id: `n${i}`,
        action: 'ok',
        dependencies: i === 0 ? [] : [`n${i - 1}`],
      }));
      expect(await setup(chain, execute)).toBeLessThanOrEqual(600);
    },
  );
});
