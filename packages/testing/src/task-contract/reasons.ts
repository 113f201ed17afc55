import { defineTaskAgent, type TaskReason } from '@dagger/tasks';
import { expect, it } from 'vitest';
import { SimulatedClock } from '../simulated-clock.ts';
import { broken, held, ok } from './agents.ts';
import type { Suite } from './world.ts';

export const reasons = (suite: Suite): void => {
  it('tell of every task why it does not move, or what became of it', async () => {
    const world = await suite.world();
    const running = held('running');
    const narrow = held('narrow', { concurrency: 1 });
    const blocking = defineTaskAgent({
      name: 'blocking',
      execute: (ctx) => ctx.block('who knows'),
    });
    const flaky = defineTaskAgent({
      name: 'flaky',
      execute: () => {
        throw new Error('not now');
      },
    });
    const requiring = defineTaskAgent({
      name: 'requiring',
      execute: (ctx) => ctx.require({ agent: 'elsewhere', key: 'child' }),
    });
    const manager = await world.manager({
      agents: [running.agent, narrow.agent, blocking, flaky, requiring, ok, broken],
      remoteAgents: ['elsewhere'],
      ids: { runId: () => 'j', random: () => 0 },
    });
    await manager.startJob({
      id: 'j',
      open: true,
      tasks: [
        { key: 'running', agent: running.agent },
        { key: 'first', agent: narrow.agent },
        { key: 'queued 0', agent: narrow.agent },
        { key: 'queued 1', agent: narrow.agent },
        { key: 'no worker', agent: 'elsewhere' },
        { key: 'needs', agent: ok, needs: ['running', 'no worker'] },
        { key: 'delayed', agent: ok, delay: 60 },
        { key: 'retrying', agent: flaky, retryStrategy: { type: 'linear', delay: 60 } },
        { key: 'blocked', agent: blocking },
        { key: 'requires', agent: requiring },
        { key: 'reviewed', agent: ok, review: 'person' },
        { key: 'reviewed by agent', agent: ok, review: { agent: 'elsewhere' } },
        { key: 'paused', agent: ok, delay: 1 },
        { key: 'completed', agent: ok },
        { key: 'failed', agent: broken },
        { key: 'because', agent: ok, needs: ['failed'] },
        { key: 'skipped', agent: ok, needs: [{ task: 'failed', onFailure: 'skip' }] },
        { key: 'cancelled', agent: 'elsewhere' },
      ],
    });
    await world.quiet();
    await manager.pauseTask('j/paused', 'for lunch');
    await manager.cancelTask('j/cancelled', 'no use');
    const at = (ms: number): string => new Date(world.clock.start + ms).toISOString();
    const expected: { readonly [key: string]: TaskReason['kind'] | Partial<TaskReason> } = {
      running: { kind: 'running', since: at(0), lastProgress: at(0) },
      first: 'running',
      'queued 0': { kind: 'queued', before: 0 },
      'queued 1': { kind: 'queued', before: 1 },
      'no worker': { kind: 'no_worker', agent: 'elsewhere' },
      needs: {
        kind: 'needs_tasks',
        tasks: [
          { id: 'j/running', state: 'in_progress' },
          { id: 'j/no worker', state: 'ready' },
        ],
      },
      delayed: { kind: 'delayed', until: at(60_000) },
      retrying: { kind: 'retrying', until: at(30_000) },
      blocked: { kind: 'blocked_by_agent', message: 'who knows' },
      requires: { kind: 'needs_tasks', tasks: [{ id: 'j/requires/child', state: 'ready' }] },
      child: 'no_worker',
      reviewed: { kind: 'in_review', reviewer: null, reviewTask: null },
      'reviewed by agent': {
        kind: 'in_review',
        reviewer: 'elsewhere',
        reviewTask: 'j/reviewed by agent/review-1',
      },
      'review-1': 'no_worker',
      paused: { kind: 'paused', message: 'for lunch' },
      completed: 'completed',
      failed: 'failed',
      because: { kind: 'dependency', taskId: 'j/failed' },
      skipped: { kind: 'dependency', taskId: 'j/failed' },
      cancelled: { kind: 'cancelled', message: 'no use' },
    };
    const tasks = await manager.tasks();
    expect(tasks.map(({ key }) => key).toSorted()).toEqual(Object.keys(expected).toSorted());
    for (const { id, key, state } of tasks) {
      const why = await manager.why(id);
      const reason = expected[key];
      expect(why).toMatchObject({
        taskId: id,
        state,
        reason: typeof reason === 'string' ? { kind: reason } : reason,
      });
      expect(why.text).not.toBe('');
    }
  });

  it('name what is at the end of the line', async () => {
    const world = await suite.world();
    const blocking = defineTaskAgent({
      name: 'blocking',
      execute: (ctx) => ctx.block('the door is shut'),
    });
    const manager = await world.manager({ agents: [blocking, ok], remoteAgents: ['elsewhere'] });
    await manager.startJob({
      id: 'j',
      tasks: [
        { key: 'one', agent: blocking },
        { key: 'two', agent: 'elsewhere' },
        { key: 'a', agent: ok, needs: ['one'] },
        { key: 'b', agent: ok, needs: ['a', 'two'] },
        { key: 'c', agent: ok, needs: ['b'] },
      ],
    });
    await world.quiet();
    expect((await manager.why('j/c')).roots).toEqual([
      { id: 'j/one', state: 'blocked', text: 'its agent cannot go on: the door is shut' },
      { id: 'j/two', state: 'ready', text: "no living worker runs the agent 'elsewhere'" },
    ]);
  });

  it('see that a worker is gone before anybody takes over', async () => {
    const world = await suite.world();
    const task = held('t');
    const manager = await world.manager({ agents: [task.agent] });
    await manager.startJob({ id: 'j', tasks: [{ key: 't', agent: 't' }] });
    await task.begun;
    const later = await world.manager({
      work: false,
      clock: new SimulatedClock(world.clock.now() + 60_000),
    });
    expect((await manager.why('j/t')).reason).toMatchObject({ kind: 'running' });
    expect((await later.why('j/t')).reason).toMatchObject({ kind: 'worker_gone' });
  });
};
