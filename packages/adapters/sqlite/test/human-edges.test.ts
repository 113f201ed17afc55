import { ActionRegistry, DagExecutor, defineAction, type GraphDefinition } from '@dagger/core';
import { describe, expect, it } from 'vitest';
import { SimulatedClock } from '../../../testing/src/simulated-clock.ts';
import { sqlite } from '../src/index.ts';
import { file } from './place.ts';

const REVIEW: GraphDefinition = {
  name: 'release',
  nodes: [
    { id: 'review', action: 'human_interrupt' },
    { id: 'ship', action: 'work', dependencies: ['review'] },
  ],
};

interface Setup {
  readonly graph?: GraphDefinition;
  /** A database file, or null for memory. */
  readonly place: string | null;
  readonly clock?: SimulatedClock;
  readonly config?: Parameters<typeof DagExecutor.open>[0]['config'];
  readonly broken?: () => boolean;
}

const setup = async ({ graph = REVIEW, place, clock, config, broken }: Setup) => {
  const log: string[] = [];
  const executor = await DagExecutor.open({
    registry: new ActionRegistry([
      defineAction({
        name: 'work',
        execute({ nodeId }) {
          log.push(nodeId);
          if (broken?.() === true) throw new Error('it broke');
        },
      }),
    ]),
    ...(place === null ? {} : { storage: sqlite(place) }),
    clock: clock ?? new SimulatedClock(),
    ...(config === undefined ? {} : { config }),
  });
  executor.add(graph);
  return { executor, log };
};

/** The same with storage and without. */
const PLACES = [
  ['in a database', file],
  ['in memory', () => null],
] as const;

describe.each(PLACES)('a paused run %s', (_, place) => {
  it('is cancelled at once and stays so [P43]', async () => {
    const { executor } = await setup({ place: place() });
    await executor.run('release', { runId: 'r' });
    expect(await executor.cancel('r', 'no longer needed')).toBe('applied');
    const report = await executor.report('r');
    expect(report.status).toBe('cancelled');
    expect(report.nodes['review']?.status).toBe('cancelled');
    await expect(executor.approve('r', 'review')).rejects.toMatchObject({
      code: 'COMMAND_REJECTED',
    });
    await executor.close();
  });

  it('fails by a rejection that came while it was paused', async () => {
    const { executor, log } = await setup({ place: place() });
    await executor.run('release', { runId: 'r' });
    await executor.reject('r', 'review', { by: 'bob' });
    const report = await executor.resume('r');
    expect(report.status).toBe('failed');
    expect(report.nodes['review']?.error).toMatchObject({
      code: 'REJECTED',
      message: 'rejected by bob',
    });
    expect(report.nodes['ship']?.status).toBe('skipped');
    expect(log).toEqual([]);
    await executor.close();
  });

  it('is not paused once more by a command to pause it', async () => {
    const { executor, log } = await setup({ place: place() });
    await executor.run('release', { runId: 'r' });
    expect(await executor.send('r', { type: 'PauseRun' })).toBe('applied');
    await executor.approve('r', 'review');
    expect((await executor.resume('r')).status).toBe('succeeded');
    expect(log).toEqual(['ship']);
    await executor.close();
  });

  it('is cancelled also while it is just being resumed', async () => {
    const { executor } = await setup({ place: place(), config: { humanWaitMinutes: 60 } });
    const first = await executor.start('release', { runId: 'r' });
    await first.send({ type: 'PauseRun' });
    await first.done;
    const resumed = executor.resume('r');
    expect(await executor.cancel('r')).toBe('applied');
    expect((await resumed).status).toBe('cancelled');
    await executor.close();
  });

  it('keeps the failure that paused it when it is cancelled', async () => {
    const graph: GraphDefinition = {
      name: 'release',
      nodes: [{ id: 'bad', action: 'work', tryCount: 1 }, ...REVIEW.nodes],
    };
    const { executor } = await setup({ graph, place: place(), broken: () => true });
    expect((await executor.run('release', { runId: 'r' })).status).toBe('paused');
    await executor.cancel('r');
    const { nodes, status } = await executor.report('r');
    expect(status).toBe('cancelled');
    expect(nodes['bad']).toMatchObject({ status: 'failed', error: { message: 'it broke' } });
    await executor.close();
  });

  it('keeps an answer for a node that was skipped before it could ask', async () => {
    let broken = true;
    const graph: GraphDefinition = {
      name: 'release',
      config: { onFailure: 'continue' },
      nodes: [
        { id: 'build', action: 'work', tryCount: 1 },
        { id: 'review', action: 'human_interrupt', dependencies: ['build'] },
      ],
    };
    const { executor } = await setup({ graph, place: place(), broken: () => broken });
    const handle = await executor.start('release', { runId: 'r' });
    await handle.send({ type: 'GiveInput', nodeId: 'review', decision: 'approve', by: 'ann' });
    expect((await handle.done).nodes['review']?.status).toBe('skipped');
    broken = false;
    const report = await executor.resume('r');
    expect(report.nodes['review']).toMatchObject({ status: 'succeeded', outputs: { by: 'ann' } });
    await executor.close();
  });
});

describe('an answer from another process', () => {
  it('that was stored in time is not overtaken by the end of the wait [P33]', async () => {
    const place = file();
    const clock = new SimulatedClock();
    const config = { humanWaitMinutes: 0.005, humanTimeoutAction: 'autopilot' } as const;
    const { executor } = await setup({ place, clock, config });
    const done = executor.run('release', { runId: 'r' });
    await clock.advance(200);
    const clerk = await setup({ place, clock });
    expect(await clerk.executor.reject('r', 'review', { by: 'bob' })).toBe('sent');
    // The process of the run has not looked into its inbox by the time that the wait ends.
    await clock.advance(200);
    expect((await done).nodes['review']?.error?.message).toBe('rejected by bob');
    await clerk.executor.close();
    await executor.close();
  });

  it('is told to be refused when the run has no use for it any more [P50]', async () => {
    const place = file();
    const clock = new SimulatedClock();
    const { executor } = await setup({ place, clock, config: { humanWaitMinutes: 10 } });
    const done = executor.run('release', { runId: 'r' });
    await clock.advance(1);
    const clerk = await setup({ place, clock });
    const taken = clerk.executor.send(
      'r',
      { type: 'CancelBranch', branchId: 'review' },
      { waitMs: 3_000 },
    );
    const second = clerk.executor.send(
      'r',
      { type: 'CancelBranch', branchId: 'ship' },
      { waitMs: 3_000 },
    );
    const told = second.then(String, (error: Error) => error.message);
    await clock.advance(1_000);
    expect(await taken).toBe('applied');
    expect(await told).toContain("everything in branch 'ship' has ended already");
    expect((await done).status).toBe('succeeded');
    await clerk.executor.close();
    await executor.close();
  });

  it('is listed until it is taken up, and while it is kept for a question to come [P48]', async () => {
    const place = file();
    const clock = new SimulatedClock();
    const { executor } = await setup({ place, clock });
    await executor.run('release', { runId: 'r' });
    await executor.approve('r', 'review');
    await executor.answer('r', 'ship', 'later', { by: 'ann' });
    const sentAt = new Date(clock.now()).toISOString();
    const early = {
      type: 'GiveInput',
      nodeId: 'ship',
      decision: 'answer',
      data: 'later',
      by: 'ann',
    };
    expect(await executor.pendingInputs('r')).toEqual([
      { command: { type: 'GiveInput', nodeId: 'review', decision: 'approve' }, sentAt },
      { command: early, sentAt },
    ]);
    await executor.send('r', { type: 'PauseBranch', branchId: 'ship' });
    expect((await executor.resume('r')).status).toBe('paused');
    expect(await executor.pendingInputs('r')).toEqual([{ command: early, sentAt: null }]);
    await executor.close();
  });

  it('is judged by what the run will be when its turn comes [P34]', async () => {
    const { executor } = await setup({ place: file() });
    await executor.run('release', { runId: 'r' });
    await executor.reject('r', 'review');
    await expect(executor.approve('r', 'review')).rejects.toMatchObject({
      message: "GiveInput: node 'review' is failed already",
    });
    await executor.send('r', { type: 'PauseBranch', branchId: 'ship' });
    expect(await executor.send('r', { type: 'ResumeBranch', branchId: 'ship' })).toBe('stored');
    await expect(
      executor.send('r', { type: 'ResumeBranch', branchId: 'ship' }),
    ).rejects.toMatchObject({ code: 'COMMAND_REJECTED' });
    await executor.close();
  });
});
