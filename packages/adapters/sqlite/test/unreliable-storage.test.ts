import { ActionRegistry, DagExecutor, type Clock } from '@dagger/core';
import BetterSqlite3 from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { sqlite } from '../src/index.ts';
import { interposed } from './interposed.ts';
import { file } from './place.ts';
import { unreliable, type Unreliability } from './unreliable.ts';

/** The pauses between two tries take no time; longer waits have no end. */
const clock: Clock = {
  now: () => Date.now(),
  after: (ms, wake) => {
    const timer = ms > 2_000 ? undefined : setImmediate(wake);
    return () => clearImmediate(timer);
  },
};

const LARGE = 'x'.repeat(20_000);

const setup = (): {
  readonly place: string;
  readonly ran: string[];
  readonly open: (how?: Unreliability) => Promise<{
    readonly executor: DagExecutor;
    readonly broke: () => number;
  }>;
  readonly world: { broken: boolean };
} => {
  const place = file();
  const ran: string[] = [];
  const world = { broken: true };
  const registry = new ActionRegistry([
    {
      name: 'ok',
      execute: ({ nodeId }) => {
        ran.push(nodeId);
        return { from: nodeId, large: LARGE };
      },
    },
    {
      name: 'flaky',
      execute: ({ nodeId }) => {
        ran.push(nodeId);
        if (world.broken) throw new Error('broken');
      },
    },
  ]);
  const open = async (
    how?: Unreliability,
  ): Promise<{ readonly executor: DagExecutor; readonly broke: () => number }> => {
    const { storage, begin, broke } =
      how === undefined
        ? { storage: sqlite(place), begin: () => {}, broke: () => 0 }
        : unreliable(sqlite(place), how);
    const executor = await DagExecutor.open({
      registry,
      storage,
      clock,
      config: { maxAttempts: 1, onFailure: 'pause' },
    });
    begin();
    executor.add({
      name: 'g',
      nodes: [
        { id: 'a', action: 'ok', cacheStrategy: 'always' },
        { id: 'b', action: 'ok', dependencies: ['a'] },
        { id: 'c', action: 'flaky', dependencies: ['b'] },
        { id: 'd', action: 'ok', dependencies: ['c'] },
      ],
    });
    return { executor, broke };
  };
  return { place, ran, open, world };
};

describe.each(['ambiguous', 'late'] as const)('where every write is %s', (how) => {
  it('a run passes unharmed, pauses, is claimed by another executor and completes; nothing runs twice [P61]', async () => {
    const { ran, open, world } = setup();
    const first = await open(how);
    const hooks = [{ handle: () => {} }];
    const paused = await first.executor.run('g', { runId: 'r', inputs: { LARGE }, hooks });
    expect(paused).toMatchObject({ status: 'paused', counts: { succeeded: 2, failed: 1 } });
    await first.executor.close();
    world.broken = false;
    const second = await open(how);
    expect(await second.executor.resume('r')).toMatchObject({ status: 'succeeded' });
    await second.executor.close();
    expect(ran).toEqual(['a', 'b', 'c', 'c', 'd']);
    expect(first.broke()).toBeGreaterThan(5);
    // The claim, the start of the session, the last two nodes, the end.
    expect(second.broke()).toBeGreaterThan(4);
    const third = await open();
    expect(await third.executor.listRuns()).toMatchObject([{ status: 'succeeded', owned: false }]);
    expect((await third.executor.report('r')).nodes['d']?.outputs).toEqual({
      from: 'd',
      large: LARGE,
    });
    await third.executor.close();
  });

  it('an executor that closes gives its runs up', async () => {
    const { open, ran } = setup();
    const { executor } = await open(how);
    const begun = new Promise<void>((resolve) => {
      executor.registry.registerFn('wait', async () => {
        resolve();
        await new Promise(() => {});
      });
    });
    executor.add({ name: 'w', nodes: [{ id: 'w', action: 'wait' }] });
    const run = await executor.start('w', { runId: 'w' });
    await begun;
    await executor.close();
    await expect(run.done).rejects.toMatchObject({ code: 'RUN_LOST' });
    const after = await open();
    expect(await after.executor.listRuns()).toMatchObject([{ status: 'running', owned: false }]);
    expect(ran).toEqual([]);
    await after.executor.close();
  });
});

describe('when the acknowledgement of a write is lost', () => {
  it('and another process has taken the run over by then, nothing more starts [P65]', async () => {
    const { place, ran } = setup();
    let losing = false;
    const registry = new ActionRegistry([
      {
        name: 'ok',
        execute: ({ nodeId }) => {
          ran.push(nodeId);
          losing = true;
        },
      },
    ]);
    const storage = interposed(sqlite(place), async (work) => {
      const done = await work();
      if (!losing) return done;
      const other = new BetterSqlite3(place);
      other.exec('update dagger_runs set fence = fence + 1');
      other.close();
      throw new Error('the connection broke');
    });
    const executor = await DagExecutor.open({ registry, storage, clock });
    executor.add({
      name: 'g',
      nodes: [
        { id: 'a', action: 'ok' },
        { id: 'b', action: 'ok', dependencies: ['a'] },
      ],
    });
    await expect(executor.run('g', { runId: 'r' })).rejects.toMatchObject({ code: 'RUN_LOST' });
    expect(ran).toEqual(['a']);
    await executor.close();
  });
});
