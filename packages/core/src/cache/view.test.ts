import { describe, expect, it } from 'vitest';
import { settle } from '../../test/clock.ts';
import { gate } from '../../test/gate.ts';
import type { ActionContext } from '../actions/context.ts';
import { ActionRegistry } from '../actions/registry.ts';
import { DagExecutor } from '../executor/executor.ts';
import type { RunReport } from '../run/report.ts';
import { Cache } from './cache.ts';

type Step = (ctx: ActionContext) => unknown;

/** Runs the steps side by side as the nodes s0, s1 and so on, each with two attempts. */
const setup = async (
  ...steps: Step[]
): Promise<{ readonly report: RunReport; readonly cache: Cache }> => {
  const cache = new Cache();
  const executor = await DagExecutor.open({
    registry: new ActionRegistry(steps.map((execute, i) => ({ name: `act${i}`, execute }))),
    config: { onFailure: 'continue', maxAttempts: 2, retryStrategy: 'immediate' },
  });
  executor.add({ name: 'g', nodes: steps.map((_, i) => ({ id: `s${i}`, action: `act${i}` })) });
  return { report: await executor.run('g', { cache }), cache };
};

describe('what an action writes to the cache', () => {
  it('is seen by itself at once', async () => {
    const { report } = await setup(({ cache, nodeId }) => {
      cache.insert('k', 1);
      cache.insertGlobal('g', 'k', 2);
      cache.appendGlobal('g', 'list', 3);
      cache.appendGlobal('g', 'list', 4);
      return {
        seen: [
          cache.get(nodeId, 'k') ?? null,
          cache.getGlobal('g', 'k') ?? null,
          cache.getGlobal('g', 'list') ?? null,
          cache.has(nodeId, 'k'),
        ],
      };
    });
    expect(report.nodes['s0']?.outputs).toEqual({ k: 1, seen: [1, 2, [3, 4], true] });
  });

  it('is seen by others once it has succeeded, all of it together', async () => {
    const written = gate();
    const looked = gate();
    const seen: unknown[] = [];
    const look = ({ cache }: ActionContext): void =>
      void seen.push([cache.get('s0', 'k'), cache.getGlobal('g', 'k')]);
    await setup(
      async ({ cache }) => {
        cache.insert('k', 1);
        cache.insertGlobal('g', 'k', 2);
        written.open();
        await looked.passed;
      },
      async (ctx) => {
        await written.passed;
        look(ctx);
        looked.open();
        await settle();
        look(ctx);
      },
    );
    expect(seen).toEqual([
      [undefined, undefined],
      [1, 2],
    ]);
  });

  it('is dropped when the attempt fails', async () => {
    const { cache, report } = await setup(({ cache: view, attempt }) => {
      view.insert(`k${attempt}`, attempt);
      view.appendGlobal('log', 'attempts', attempt);
      if (attempt === 1) throw new Error('again');
    });
    expect(report.nodes['s0']?.outputs).toEqual({ k2: 2 });
    expect(cache.getGlobal('log', 'attempts')).toEqual([2]);
  });

  it('stands behind what the action returns under the same name', async () => {
    const { report } = await setup(({ cache }) => {
      cache.insert('a', 'written');
      cache.insert('b', 'written');
      return { a: 'returned' };
    });
    expect(report.nodes['s0']?.outputs).toEqual({ a: 'returned', b: 'written' });
  });

  it('must be JSON, otherwise the attempt fails', async () => {
    const { report } = await setup(({ cache }) => cache.insert('k', new Date(0)));
    expect(report.nodes['s0']?.error).toMatchObject({ code: 'NOT_JSON' });
  });
});

describe('appends of nodes that run side by side', () => {
  it('never overwrite each other', async () => {
    const steps = Array.from({ length: 40 }, (_, i): Step => async ({ cache }) => {
      cache.getGlobal('log', 'list');
      await settle(i % 5);
      cache.appendGlobal('log', 'list', i);
      await settle((i * 7) % 5);
    });
    const { cache } = await setup(...steps);
    expect((cache.getGlobal('log', 'list') as number[]).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 40 }, (_, i) => i),
    );
  });

  it('to what another made something else meanwhile fail their node, not the run', async () => {
    const set = gate();
    const appended = gate();
    const { report } = await setup(
      async ({ cache }) => {
        await appended.passed;
        cache.insertGlobal('g', 'k', 'a text');
        setImmediate(() => setImmediate(() => set.open()));
      },
      async ({ cache }) => {
        cache.appendGlobal('g', 'k', 1);
        appended.open();
        await set.passed;
      },
    );
    expect(report.nodes['s0']?.status).toBe('succeeded');
    expect(report.nodes['s1']).toMatchObject({ status: 'failed', error: { code: 'CACHE_TYPE' } });
  });
});
