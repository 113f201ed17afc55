import { describe, expect, it } from 'vitest';
import { settle } from '../../test/clock.ts';
import { gate, type Gate } from '../../test/gate.ts';
import { ActionRegistry } from '../actions/registry.ts';
import type { DagConfigInput } from '../config/model.ts';
import { DagExecutor } from './executor.ts';

/** Graph `g`: `w` waits for `release`, then `f`, which fails while `broken` is set, then `b`. Graph `h` is another. */
const setup = async (
  config: DagConfigInput = {},
): Promise<{
  readonly executor: DagExecutor;
  readonly ran: string[];
  readonly world: { broken: boolean };
  readonly started: Gate;
  readonly release: Gate;
}> => {
  const ran: string[] = [];
  const world = { broken: false };
  const started = gate();
  const release = gate();
  const registry = new ActionRegistry([
    { name: 'ok', execute: ({ nodeId }: { nodeId: string }) => void ran.push(nodeId) },
    {
      name: 'flaky',
      execute: ({ nodeId }: { nodeId: string }) => {
        ran.push(nodeId);
        if (world.broken) throw new Error('broken');
      },
    },
    {
      name: 'wait',
      execute: async ({ nodeId, signal }: { nodeId: string; signal: AbortSignal }) => {
        ran.push(nodeId);
        started.open();
        await Promise.race([
          release.passed,
          new Promise((_, reject) =>
            signal.addEventListener('abort', () => reject(new Error('stopped'))),
          ),
        ]);
      },
    },
  ] as never);
  const executor = await DagExecutor.open({ registry, config: { maxAttempts: 1, ...config } });
  executor.add({
    name: 'g',
    nodes: [
      { id: 'w', action: 'wait' },
      { id: 'f', action: 'flaky', dependencies: ['w'] },
      { id: 'b', action: 'ok', dependencies: ['f'] },
    ],
  });
  executor.add({ name: 'h', nodes: [{ id: 'other', action: 'ok' }] });
  return { executor, ran, world, started, release };
};

describe('a run id', () => {
  it('of a finished run gives its report, and no action runs [P7]', async () => {
    const { executor, ran, release } = await setup();
    release.open();
    const report = await executor.run('g', { runId: 'r' });
    const again = await executor.run('g', { runId: 'r', inputs: { x: 1 } });
    expect(again.toJSON()).toEqual(report.toJSON());
    expect(ran).toEqual(['w', 'f', 'b']);
  });

  it('asked for several times at once gives one run', async () => {
    const { executor, ran, release } = await setup();
    release.open();
    const reports = await Promise.all([
      executor.run('g', { runId: 'r' }),
      executor.run('g', { runId: 'r' }),
      executor.start('g', { runId: 'r' }).then(async (run) => run.done),
    ]);
    expect(new Set(reports.map((report) => JSON.stringify(report))).size).toBe(1);
    expect(ran).toEqual(['w', 'f', 'b']);
  });

  it('of a run under way joins it', async () => {
    const { executor, ran, started, release } = await setup();
    const first = executor.run('g', { runId: 'r' });
    await started.passed;
    const second = executor.run('g', { runId: 'r' });
    release.open();
    expect((await second).toJSON()).toEqual((await first).toJSON());
    expect(ran).toEqual(['w', 'f', 'b']);
  });

  it('of a finished run of another graph is refused', async () => {
    const { executor, ran, release } = await setup();
    release.open();
    await executor.run('g', { runId: 'r' });
    await expect(executor.run('h', { runId: 'r' })).rejects.toMatchObject({
      code: 'RUN_CONFLICT',
      ids: { runId: 'r', dag: 'h' },
    });
    expect(ran).not.toContain('other');
  });

  it('of a run of another graph that is under way is refused', async () => {
    const { executor, started, release } = await setup();
    const run = executor.run('g', { runId: 'r' });
    await started.passed;
    const [refused] = await Promise.allSettled([
      executor.start('h', { runId: 'r' }).then(async ({ dagName }) => Promise.resolve(dagName)),
    ]);
    expect(refused).toMatchObject({ status: 'rejected', reason: { code: 'RUN_CONFLICT' } });
    release.open();
    await run;
  });

  it('of a run of another graph that is just being started is refused', async () => {
    const { executor, release } = await setup();
    release.open();
    const [first, second] = await Promise.allSettled([
      executor.run('g', { runId: 'r' }),
      executor.run('h', { runId: 'r' }),
    ]);
    expect(first.status).toBe('fulfilled');
    expect(second).toMatchObject({ status: 'rejected', reason: { code: 'RUN_CONFLICT' } });
  });

  it('that is absent is made new each time', async () => {
    const { executor } = await setup();
    const ids = [(await executor.run('h')).runId, (await executor.run('h')).runId];
    expect(new Set(ids).size).toBe(2);
  });

  it('may be taken again after a start that was refused', async () => {
    const { executor } = await setup();
    await expect(
      executor.run('h', { runId: 'r', inputs: { f: (() => 1) as never } }),
    ).rejects.toMatchObject({ code: 'NOT_JSON' });
    expect((await executor.run('h', { runId: 'r' })).status).toBe('succeeded');
  });
});

describe('resuming in memory', () => {
  it.each([
    ['paused', 'pause'],
    ['failed', 'stop'],
    ['failed', 'continue'],
  ] as const)('a run that ended as %s under %s', async (status, onFailure) => {
    const { executor, ran, world, release } = await setup({ onFailure });
    release.open();
    world.broken = true;
    const before = await executor.run('g', { runId: 'r' });
    expect(before.status).toBe(status);
    world.broken = false;
    const report = await executor.resume('r');
    expect(report).toMatchObject({ status: 'succeeded', error: null, counts: { succeeded: 3 } });
    expect(ran).toEqual(['w', 'f', 'f', 'b']);
    expect(before.nodes['f']).toMatchObject({ status: 'failed', attempts: 1 });
    expect((await executor.resume('r')).toJSON()).toEqual(report.toJSON());
  });

  it('a run that was cancelled or timed out', async () => {
    const { executor, ran, started, release } = await setup();
    const run = await executor.start('g', { runId: 'r' });
    await started.passed;
    run.cancel();
    expect((await run.done).status).toBe('cancelled');
    release.open();
    expect((await executor.resume('r')).status).toBe('succeeded');
    expect(ran).toEqual(['w', 'w', 'f', 'b']);
  });

  it('a run with hooks, where it had none before', async () => {
    const { executor, world, release } = await setup();
    release.open();
    world.broken = true;
    await executor.run('g', { runId: 'r' });
    world.broken = false;
    expect(await executor.resume('r', { hooks: [{ handle: () => {} }] })).toMatchObject({
      status: 'succeeded',
    });
  });

  it('is unknown to another executor: without storage nothing outlives the first [P72]', async () => {
    const [first, second] = [await setup(), await setup()];
    first.release.open();
    expect((await first.executor.run('g', { runId: 'r' })).status).toBe('succeeded');
    await first.executor.close();
    await expect(second.executor.report('r')).rejects.toMatchObject({ code: 'RUN_UNKNOWN' });
    expect(await second.executor.listRuns()).toEqual([]);
  });

  it('an unknown run is refused', async () => {
    const { executor } = await setup();
    await expect(executor.resume('nobody')).rejects.toMatchObject({ code: 'RUN_UNKNOWN' });
    await expect(executor.nodeState('nobody', 'a')).rejects.toMatchObject({ code: 'RUN_UNKNOWN' });
  });

  it('twice at once is one session', async () => {
    const { executor, ran, world, release } = await setup();
    release.open();
    world.broken = true;
    await executor.run('g', { runId: 'r' });
    world.broken = false;
    const reports = await Promise.all([executor.resume('r'), executor.resume('r')]);
    expect(reports.map(({ status }) => status)).toEqual(['succeeded', 'succeeded']);
    expect(ran).toEqual(['w', 'f', 'f', 'b']);
  });
});

describe('looking at runs', () => {
  it('tells the state of a node while it runs and after', async () => {
    const { executor, started, release } = await setup();
    const run = executor.run('g', { runId: 'r' });
    await started.passed;
    expect(await executor.nodeState('r', 'w')).toMatchObject({ status: 'running', attempts: 1 });
    expect(await executor.report('r')).toMatchObject({ status: 'running', finishedAt: null });
    release.open();
    await run;
    expect(await executor.nodeState('r', 'w')).toMatchObject({ status: 'succeeded' });
    await expect(executor.nodeState('r', 'nobody')).rejects.toMatchObject({
      ids: { nodeId: 'nobody' },
    });
  });

  it('lists them, filtered', async () => {
    const { executor, release } = await setup();
    release.open();
    await executor.run('g', { runId: 'r1' });
    await executor.run('h', { runId: 'r2' });
    expect((await executor.listRuns()).map(({ runId }) => runId).toSorted()).toEqual(['r1', 'r2']);
    expect((await executor.listRuns({ dag: 'h' })).map(({ runId }) => runId)).toEqual(['r2']);
    expect(await executor.listRuns({ status: 'failed' })).toEqual([]);
    expect(await executor.listRuns({ limit: 1 })).toHaveLength(1);
  });

  it('after closing leaves the run lost, its action aborted', async () => {
    const { executor, started } = await setup();
    const run = await executor.start('g', { runId: 'r' });
    await started.passed;
    await executor.close();
    await expect(run.done).rejects.toMatchObject({ code: 'RUN_LOST' });
    await settle();
  });
});
