import { describe, expect, it } from 'vitest';
import type { AnyAction } from '../src/actions/action.ts';
import { ActionRegistry } from '../src/actions/registry.ts';
import type { DagConfigInput } from '../src/config/model.ts';
import { DagExecutor } from '../src/executor/executor.ts';
import { ManualClock, settle } from './clock.ts';
import { gate, type Gate } from './gate.ts';

/** `w` runs until its signal or `release`; `next` depends on it; `slots` other nodes wait for a slot. */
const setup = async (
  config: DagConfigInput = {},
  actions: readonly AnyAction[] = [],
): Promise<{
  readonly executor: DagExecutor;
  readonly clock: ManualClock;
  readonly ran: string[];
  readonly reasons: unknown[];
  readonly started: Gate;
  readonly release: Gate;
}> => {
  const clock = new ManualClock();
  const ran: string[] = [];
  const reasons: unknown[] = [];
  const started = gate();
  const release = gate();
  const registry = new ActionRegistry([
    { name: 'ok', execute: ({ nodeId }) => void ran.push(nodeId) },
    {
      name: 'wait',
      execute: async ({ signal, nodeId }) => {
        ran.push(nodeId);
        started.open();
        const aborted = new Promise<never>((_, reject) =>
          signal.addEventListener('abort', () => {
            reasons.push(signal.reason);
            reject(signal.reason as Error);
          }),
        );
        await Promise.race([release.passed, aborted]);
        return { waited: true };
      },
    },
    {
      name: 'deaf',
      execute: async ({ nodeId }) => {
        ran.push(nodeId);
        started.open();
        await release.passed;
        return { late: true };
      },
    },
    ...actions,
  ]);
  const executor = await DagExecutor.open({
    registry,
    clock,
    config: { onFailure: 'continue', maxParallelNodes: 1, gracePeriod: 5, ...config },
  });
  const graph = (name: string, action: string): void =>
    void executor.add({
      name,
      nodes: [
        { id: 'w', action },
        { id: 'next', action: 'ok', dependencies: ['w'] },
        { id: 'beside', action: 'ok' },
      ],
    });
  graph('waits', 'wait');
  graph('deaf', 'deaf');
  graph('quick', 'ok');
  return { executor, clock, ran, reasons, started, release };
};

describe('a signal that is aborted', () => {
  it('before the run starts: nothing starts', async () => {
    const { executor, ran } = await setup();
    for (const start of [
      () => executor.run('quick', { signal: AbortSignal.abort() }),
      async () => (await executor.start('quick', { signal: AbortSignal.abort() })).done,
    ]) {
      const report = await start();
      expect(report).toMatchObject({
        status: 'cancelled',
        success: false,
        error: { code: 'CANCELLED' },
        counts: { total: 3, succeeded: 0 },
      });
      expect(Object.values(report.nodes).map(({ attempts }) => attempts)).toEqual([0, 0, 0]);
      expect(report.startedAt).toBe('2026-01-01T00:00:00.000Z');
    }
    expect(ran).toEqual([]);
  });

  it('during the run: running actions get its reason, nothing new starts, the run ends as cancelled', async () => {
    const { executor, ran, reasons, started } = await setup();
    const cancel = new AbortController();
    const run = executor.run('waits', { signal: cancel.signal });
    await started.passed;
    cancel.abort(new Error('the user left'));
    const report = await run;
    expect(report).toMatchObject({
      status: 'cancelled',
      error: { code: 'CANCELLED', message: 'cancelled: the user left' },
    });
    expect(report.nodes['w']).toMatchObject({
      status: 'cancelled',
      reason: 'cancelled',
      attempts: 1,
    });
    expect(report.nodes['next']).toMatchObject({ status: 'pending', attempts: 0 });
    expect(report.nodes['beside']).toMatchObject({ status: 'ready', attempts: 0 });
    expect(ran).toEqual(['w']);
    expect(reasons).toMatchObject([{ code: 'CANCELLED', message: 'cancelled: the user left' }]);
  });

  it('after the run: nothing happens', async () => {
    const { executor } = await setup();
    const cancel = new AbortController();
    const report = await executor.run('quick', { signal: cancel.signal, runId: 'r' });
    cancel.abort();
    await settle();
    expect(report.status).toBe('succeeded');
    expect((await executor.report('r')).status).toBe('succeeded');
  });

  it('together with the timeout of AbortSignal.timeout tells of it', async () => {
    const { executor, started } = await setup();
    const cancel = new AbortController();
    const run = executor.run('waits', { signal: AbortSignal.any([cancel.signal]) });
    await started.passed;
    cancel.abort(new DOMException('took too long', 'TimeoutError'));
    expect((await run).error?.message).toBe('cancelled: took too long');
  });

  it('while a retry waits: the wait is over', async () => {
    const failed = gate();
    const { executor, clock } = await setup({ retryStrategy: { type: 'linear', delay: 600 } }, [
      {
        name: 'broken',
        execute: () => {
          failed.open();
          throw new Error('no');
        },
      },
    ]);
    executor.add({ name: 'g', nodes: [{ id: 'a', action: 'broken' }] });
    const cancel = new AbortController();
    const run = executor.run('g', { signal: cancel.signal });
    await failed.passed;
    cancel.abort();
    expect((await run).nodes['a']).toMatchObject({ status: 'cancelled', attempts: 1 });
    expect(clock.elapsed).toBe(0);
  });
});

describe('an action that does not listen', () => {
  it('has the grace time to end, and its result counts', async () => {
    const { executor, clock, started, release } = await setup();
    const run = await executor.start('deaf');
    await started.passed;
    run.cancel();
    await clock.advance(4_999);
    release.open();
    const report = await run.done;
    expect(report.status).toBe('cancelled');
    expect(report.nodes['w']).toMatchObject({ status: 'succeeded', outputs: { late: true } });
  });

  it('is abandoned after the grace time, and its late result dropped [P14] [P88]', async () => {
    const { executor, clock, started, release } = await setup();
    const run = await executor.start('deaf', { runId: 'r' });
    await started.passed;
    run.cancel();
    const report = await clock.drive(run.done);
    expect(clock.elapsed).toBe(5_000);
    expect(report.nodes['w']).toMatchObject({
      status: 'cancelled',
      reason: 'cancelled; did not end within the grace time',
    });
    release.open();
    await settle();
    expect((await executor.report('r')).nodes['w']?.status).toBe('cancelled');
  });

  it('is abandoned at once by a second cancel', async () => {
    const { executor, clock, started } = await setup();
    const run = await executor.start('deaf');
    await started.passed;
    run.cancel('first');
    await settle();
    run.cancel('second');
    expect(await run.done).toMatchObject({ status: 'cancelled', error: { message: 'first' } });
    expect(clock.elapsed).toBe(0);
  });

  it('is abandoned at once when there is no grace time', async () => {
    const { executor, clock, started } = await setup({ gracePeriod: 0 });
    const run = await executor.start('deaf');
    await started.passed;
    run.cancel();
    expect((await clock.drive(run.done)).status).toBe('cancelled');
    expect(clock.elapsed).toBe(0);
  });
});

describe('a handle', () => {
  it('cancels a run that has not begun yet', async () => {
    const { executor, ran } = await setup();
    const run = await executor.start('quick');
    run.cancel('never mind');
    const report = await run.done;
    expect(report).toMatchObject({
      status: 'cancelled',
      error: { message: 'never mind' },
      startedAt: '2026-01-01T00:00:00.000Z',
    });
    expect(ran).toEqual([]);
  });

  it('cancels nothing once the run is over', async () => {
    const { executor } = await setup();
    const run = await executor.start('quick');
    await run.done;
    run.cancel();
    await settle();
    expect(run.report().status).toBe('succeeded');
  });

  it('tells the events of a cancellation in order', async () => {
    const { executor, started } = await setup();
    const run = await executor.start('waits');
    const types: string[] = [];
    run.events.subscribe(({ type }) => void types.push(type));
    await started.passed;
    run.cancel();
    await run.done;
    expect(types).toEqual([
      'RunStarted',
      'NodeStarted',
      'RunStopping',
      'NodeCancelled',
      'RunFinished',
    ]);
  });

  it('gives a report that is a picture of its moment', async () => {
    const { executor, started, release } = await setup();
    const run = await executor.start('waits');
    await started.passed;
    const then = run.report();
    release.open();
    await run.done;
    expect(then).toMatchObject({
      status: 'running',
      finishedAt: null,
      counts: { running: 1, succeeded: 0 },
    });
    expect(then.nodes['w']?.status).toBe('running');
  });
});

describe('a cancelled run', () => {
  it('goes on when it is resumed: what was cancelled gets another chance', async () => {
    const { executor, ran, started, release } = await setup();
    const cancel = new AbortController();
    const run = executor.run('waits', { runId: 'r', signal: cancel.signal });
    await started.passed;
    cancel.abort();
    await run;
    release.open();
    const report = await executor.resume('r');
    expect(report).toMatchObject({ status: 'succeeded', error: null });
    expect(ran.toSorted()).toEqual(['beside', 'next', 'w', 'w']);
    expect(report.nodes['w']).toMatchObject({ status: 'succeeded', attempts: 2, reason: null });
  });
});
