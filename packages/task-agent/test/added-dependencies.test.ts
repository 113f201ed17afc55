import type { Storage } from '@dagger/core';
import { sqlite } from '@dagger/sqlite';
import { sql } from 'kysely';
import { expect, it, onTestFinished } from 'vitest';
import { SimulatedClock } from '../../testing/src/simulated-clock.ts';
import { taskInvariants } from '../../testing/src/tasks/index.ts';
import { TaskManager, type AnyTaskAgent, type TaskContext } from '../src/index.ts';

/** A job whose agents run on a simulated clock, and what is wrong with its rows. */
const setup = async (agents: readonly AnyTaskAgent[]) => {
  const storage: Storage = sqlite(':memory:');
  const clock = new SimulatedClock();
  const manager = await TaskManager.open({ storage, clock, agents, heartbeatThread: false });
  onTestFinished(async () => {
    await manager.close();
    await storage.close();
  });
  return { storage, manager, clock, wrong: () => taskInvariants(storage, { clock }) };
};

const work: AnyTaskAgent = { name: 'work', execute: () => ({ done: true }) };

it('a task that failed after it made itself need another is tried again when that one has ended', async () => {
  const { manager, clock, wrong } = await setup([
    work,
    {
      name: 'hasty',
      retry: { attempts: 2, strategy: { type: 'linear', delay: 60 } },
      async execute(ctx: TaskContext) {
        const { attempt } = ctx;
        if (attempt > 1) return { attempt };
        const { taskId } = await ctx.spawn({ agent: 'work', key: 'child', delay: 10 });
        await ctx.addDependency(taskId);
        throw new Error('not yet');
      },
    },
  ]);
  const job = await manager.startJob({ id: 'j', tasks: [{ key: 'parent', agent: 'hasty' }] });
  await clock.settle(40);
  expect(await wrong()).toEqual([]);
  const done = await clock.advanceUntil(job.done);
  expect(done.outputs).toEqual({ parent: { attempt: 2 } });
  expect(await wrong()).toEqual([]);
});

it('a task that went on in spite of a failure waits again when what failed is done again', async () => {
  const { manager, clock, wrong } = await setup([
    work,
    {
      name: 'broken',
      retry: { attempts: 1 },
      execute: () => {
        throw new Error('broken');
      },
    },
  ]);
  await manager.startJob({
    id: 'j',
    tasks: [
      { key: 'broken', agent: 'broken' },
      { key: 'late', agent: 'work', delay: 3_600 },
      {
        key: 'last',
        agent: 'work',
        needs: [{ task: 'broken', onFailure: 'continue' }, 'late'],
      },
    ],
  });
  await clock.settle(40);
  expect((await manager.getTask('j/broken'))?.state).toBe('failed');
  await manager.retryTask('j/broken');
  expect(await wrong()).toEqual([]);
  await clock.settle(40);
  expect((await manager.getTask('j/last'))?.state).toBe('pending');
  expect(await wrong()).toEqual([]);
});

it('a task that must not run twice stays blocked after a crash, whatever ends that it needs', async () => {
  const { storage, manager, clock, wrong } = await setup([
    work,
    {
      name: 'pay',
      onCrash: 'block',
      async execute(ctx: TaskContext) {
        const { taskId } = await ctx.spawn({ agent: 'work', key: 'child', delay: 10 });
        await ctx.addDependency(taskId);
        return new Promise(() => {});
      },
    },
  ]);
  await manager.startJob({
    id: 'j',
    tasks: [
      { key: 'pay', agent: 'pay' },
      { key: 'late', agent: 'work', delay: 20 },
    ],
  });
  await clock.settle(40);
  // As if a process had it of which nobody knows any more.
  await sql`update dagger_tasks set worker = 'gone' where id = 'j/pay'`.execute(storage.db);
  await clock.advance(2_000);
  expect(await manager.why('j/pay')).toMatchObject({
    state: 'blocked',
    reason: { kind: 'crashed' },
  });
  await manager.addDependency('j/pay', 'j/late');
  expect(await wrong()).toEqual([]);
  await clock.advance(30_000);
  expect((await manager.getTask('j/late'))?.state).toBe('completed');
  expect(await manager.why('j/pay')).toMatchObject({
    state: 'blocked',
    reason: { kind: 'crashed' },
  });
  expect(await wrong()).toEqual([]);
});

it('a task that is ready again and is held waits for what it made itself need', async () => {
  const { manager, clock, wrong } = await setup([
    work,
    {
      name: 'hasty',
      concurrency: 1,
      retry: { attempts: 2, strategy: { type: 'linear', delay: 1 } },
      async execute(ctx: TaskContext) {
        if (ctx.attempt > 1) return {};
        const { taskId } = await ctx.spawn({ agent: 'work', key: 'child', delay: 600 });
        await ctx.addDependency(taskId);
        throw new Error('not yet');
      },
    },
  ]);
  await manager.startJob({ id: 'j', tasks: [{ key: 'parent', agent: 'hasty' }] });
  await clock.settle(40);
  await manager.pauseTask('j/parent', 'wait');
  expect(await wrong()).toEqual([]);
  await clock.advance(700_000);
  expect((await manager.getTask('j/parent/child'))?.state).toBe('completed');
  expect((await manager.getTask('j/parent'))?.state).toBe('paused');
  await manager.resumeTask('j/parent');
  await clock.settle(40);
  expect((await manager.getTask('j/parent'))?.state).toBe('completed');
  expect(await wrong()).toEqual([]);
});
