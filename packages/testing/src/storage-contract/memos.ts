import { expect, it } from 'vitest';
import { cachedNodes, newWorld, openExecutor } from './engine.ts';
import type { StorageContract } from './features.ts';
import { openPlace } from './place.ts';

export const memos = (contract: StorageContract): void => {
  it('are taken by other executors in place of running the action', async () => {
    const { storage, beside } = await openPlace(contract);
    const world = newWorld();
    const nodes = cachedNodes([{ x: 1 }, { x: '\u0000 🏳️‍🌈' }]);
    for (const [i, each] of [storage, await beside()].entries()) {
      const executor = await openExecutor(each, world);
      executor.add({ name: 'cached', nodes });
      const report = await executor.run('cached');
      expect(report.metrics).toMatchObject({ cacheHits: i === 0 ? 0 : 2 });
      expect(report.nodes['c1']?.outputs).toEqual({ echo: { x: '\u0000 🏳️‍🌈' } });
    }
    expect(world.ran.toSorted()).toEqual(['c0', 'c1']);
  });

  it('may be written by several runs at the same time, in whatever order', async () => {
    const { storage, beside } = await openPlace(contract);
    const values = Array.from({ length: 20 }, (_, i) => i);
    const executors = [storage, await beside()].map(async (each) =>
      openExecutor(each, newWorld(), { config: { maxParallelNodes: 20 } }),
    );
    const reports = await Promise.all(
      Array.from({ length: 10 }, async (_, i) => {
        const executor = await (executors[i % 2] as (typeof executors)[0]);
        const nodes = cachedNodes(i % 4 < 2 ? values : values.toReversed());
        executor.add({ name: `cached ${i}`, nodes });
        return executor.run(`cached ${i}`);
      }),
    );
    expect(reports.map(({ status, error }) => error?.message ?? status)).toEqual(
      reports.map(() => 'succeeded'),
    );
    const kept = await storage.db.selectFrom('dagger_memo').select('key').execute();
    expect(kept).toHaveLength(20);
  });
};
