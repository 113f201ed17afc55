import { ActionRegistry, DagExecutor, defineAction, type RunHandle } from '@dagger/core';
import { describe, expect, it } from 'vitest';
import { SimulatedClock } from '../../../testing/src/simulated-clock.ts';
import { sqlite } from '../src/index.ts';
import { file } from './place.ts';

const graph = {
  name: 'release',
  nodes: [
    { id: 'build', action: 'work' },
    {
      id: 'review',
      action: 'human_interrupt',
      dependencies: ['build'],
      inputs: [{ name: 'prompt', value: 'Ship it?' }],
    },
    { id: 'ship', action: 'work', dependencies: ['review'] },
    { id: 'other', action: 'work' },
  ],
};

const setup = async (place: string, clock = new SimulatedClock(), config = {}) => {
  const log: string[] = [];
  const registry = new ActionRegistry([
    defineAction({ name: 'work', execute: ({ nodeId }) => void log.push(nodeId) }),
  ]);
  const executor = await DagExecutor.open({ registry, storage: sqlite(place), clock, config });
  executor.add(graph);
  return { executor, log, clock };
};

const until = async (handle: RunHandle, type: string): Promise<void> => {
  for await (const event of handle.events) if (event.type === type) return;
};

describe('a node that waits for a person', () => {
  it('pauses the run when nothing else is left to do, and is listed with its question', async () => {
    const { executor, log } = await setup(file());
    const report = await executor.run('release', { runId: 'r' });
    expect(report.status).toBe('paused');
    expect(log.toSorted()).toEqual(['build', 'other']);
    expect(report.waiting).toMatchObject([{ nodeId: 'review', prompt: 'Ship it?', due: null }]);
    await executor.close();
  });

  it('goes on with the answer that came while no process was there [P30]', async () => {
    const place = file();
    const first = await setup(place);
    await first.executor.run('release', { runId: 'r' });
    await first.executor.close();
    const clerk = await setup(place);
    expect(await clerk.executor.approve('r', 'review', { by: 'ann', data: { note: 1 } })).toBe(
      'stored',
    );
    await clerk.executor.close();
    const { executor, log } = await setup(place);
    const report = await executor.resume('r');
    expect(report.status).toBe('succeeded');
    expect(log).toEqual(['ship']);
    expect(report.nodes['review']).toMatchObject({
      attempts: 1,
      outputs: { decision: 'approve', approved: true, by: 'ann', data: { note: 1 } },
    });
    await executor.close();
  });

  it('takes an answer that came before it asked [P28]', async () => {
    const { executor } = await setup(file());
    const handle = await executor.start('release', { runId: 'r' });
    await handle.send({ type: 'GiveInput', nodeId: 'review', decision: 'approve' });
    expect((await handle.done).status).toBe('succeeded');
    await executor.close();
  });

  it('fails by a rejection and holds up nobody else', async () => {
    const { executor, log } = await setup(file());
    const handle = await executor.start('release', { runId: 'r' });
    await handle.send({
      type: 'GiveInput',
      nodeId: 'review',
      decision: 'reject',
      reason: 'not today',
      by: 'bob',
    });
    const report = await handle.done;
    expect(report.status).toBe('failed');
    expect(report.nodes['review']?.error).toMatchObject({
      code: 'REJECTED',
      message: 'rejected by bob: not today',
    });
    expect(report.nodes['ship']).toMatchObject({ status: 'skipped', reason: 'dependency-failed' });
    expect(log.toSorted()).toEqual(['build', 'other']);
    await executor.close();
  });

  it('hears an answer from another process while its own is waiting [P29]', async () => {
    const place = file();
    const { executor, clock } = await setup(place, undefined, { humanWaitMinutes: 10 });
    const handle = await executor.start('release', { runId: 'r' });
    await until(handle, 'NodeWaiting');
    const clerk = await setup(place, clock);
    expect(await clerk.executor.answer('r', 'review', 'fine')).toBe('sent');
    await clock.advance(5_000);
    expect((await handle.done).nodes['review']?.outputs).toMatchObject({ data: 'fine' });
    await clerk.executor.close();
    await executor.close();
  });

  it('goes on by itself after its time, also when that ran out while no process was there [P35]', async () => {
    const place = file();
    const clock = new SimulatedClock();
    const config = { humanWaitMinutes: 10, humanTimeoutAction: 'autopilot' } as const;
    const first = await setup(place, clock, config);
    const handle = await first.executor.start('release', { runId: 'r' });
    await until(handle, 'NodeWaiting');
    await first.executor.close();
    await clock.advance(11 * 60_000);
    const { executor } = await setup(place, clock, config);
    const done = executor.resume('r');
    await clock.advance(0);
    await clock.advance(1);
    const report = await done;
    expect(report.nodes['review']?.outputs).toMatchObject({ decision: 'autopilot' });
    expect(report.status).toBe('succeeded');
    await executor.close();
  });

  it('does not use up the time of the run while it waits [P38]', async () => {
    const { executor, clock } = await setup(file(), undefined, {
      humanWaitMinutes: 10,
      timeoutSeconds: 60,
    });
    const handle = await executor.start('release', { runId: 'r' });
    await until(handle, 'NodeWaiting');
    await clock.advance(9 * 60_000);
    await handle.send({ type: 'GiveInput', nodeId: 'review', decision: 'approve' });
    expect((await handle.done).status).toBe('succeeded');
    await executor.close();
  });

  it('is cancelled with a run that nobody works on [P43]', async () => {
    const place = file();
    const { executor } = await setup(place);
    await executor.run('release', { runId: 'r' });
    expect(await executor.cancel('r', 'no longer needed')).toBe('applied');
    const report = await executor.report('r');
    expect(report.status).toBe('cancelled');
    expect(report.nodes['review']?.status).toBe('cancelled');
    expect(report.waiting).toEqual([]);
    await executor.close();
  });
});
