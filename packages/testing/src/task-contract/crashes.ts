import type { Storage } from '@dagger/core';
import type { OnCrash, TaskManager, TaskSettings } from '@dagger/tasks';
import { expect, it } from 'vitest';
import { SimulatedClock } from '../simulated-clock.ts';
import { held, ok, type Held } from './agents.ts';
import { everyPair } from './pairs.ts';
import { saying } from './saying.ts';
import type { Suite, World } from './world.ts';

interface Crashed {
  /** What runs where the worker has died. */
  readonly lost: Held;
  /** What runs where it is taken over. */
  readonly next: Held;
  /** Takes over what the dead leave. */
  readonly survivor: TaskManager;
}

/** The task `j/t` in progress on a worker that gives no sign of life, because its time stands still. */
const withDeadWorker = async (
  world: World,
  [first, second]: readonly [Storage, Storage],
  settings: TaskSettings = {},
  onCrash?: OnCrash,
): Promise<Crashed> => {
  const more = onCrash === undefined ? {} : { onCrash };
  const [lost, next] = [held('t', more), held('t', more)];
  const dead = await world.manager({
    storage: first,
    clock: new SimulatedClock(world.clock.now()),
    agents: [lost.agent],
    remoteAgents: ['ok'],
  });
  await dead.startJob({
    id: 'j',
    tasks: [
      { key: 't', agent: 't', ...settings },
      { key: 'after', agent: 'ok', needs: [{ task: 't', onFailure: 'continue' }] },
    ],
  });
  await lost.begun;
  const survivor = await world.manager({ storage: second, agents: [next.agent, ok] });
  return { lost, next, survivor };
};

export const crashes = (suite: Suite): void => {
  everyPair(
    suite,
    'the task of a worker that gives no sign of life runs again elsewhere, before ten seconds are over',
    async (world, storages) => {
      const { next, survivor } = await withDeadWorker(world, storages, { maxRetries: 0 });
      await world.pass(6_000);
      expect(await survivor.getTask('j/t')).toMatchObject({ state: 'in_progress', crashes: 0 });
      await world.pass(4_000);
      expect(next.contexts).toHaveLength(1);
      expect(next.contexts[0]).toMatchObject({ attempt: 2, run: 2 });
      expect(await survivor.getTask('j/t')).toMatchObject({ crashes: 1, failures: 0 });
      next.release();
      const job = await survivor.openJob('j');
      expect(await world.until(job.done)).toMatchObject({ success: true });
      expect(await survivor.history('j')).toContainEqual(
        expect.objectContaining({ type: 'TaskCrashed', taskId: 'j/t', next: 'ready' }),
      );
    },
  );

  it('a task that kills its worker too often fails, whatever it may fail', async () => {
    const world = await suite.world();
    const { survivor } = await withDeadWorker(world, [world.storage, world.storage], {
      maxCrashes: 0,
      maxRetries: 9,
    });
    const job = await survivor.openJob('j');
    await world.until(job.done);
    expect(await survivor.getTask('j/t')).toMatchObject({
      state: 'failed',
      crashes: 1,
      failures: 0,
      error: { code: 'TASK_CRASHED', message: saying('maxCrashes is 0') },
    });
    expect(await survivor.getTask('j/after')).toMatchObject({ state: 'completed' });
  });

  it.each(['the task', 'its agent'] as const)(
    'a task that must not run twice fails with its worker, if %s says so',
    async (who) => {
      const world = await suite.world();
      const { next, survivor } = await withDeadWorker(
        world,
        [world.storage, world.storage],
        who === 'the task' ? { onCrash: 'fail' } : {},
        who === 'the task' ? undefined : 'fail',
      );
      const job = await survivor.openJob('j');
      await world.until(job.done);
      expect(await survivor.getTask('j/t')).toMatchObject({
        state: 'failed',
        error: { code: 'TASK_CRASHED' },
        runs: 1,
      });
      expect(next.contexts).toEqual([]);
    },
  );

  it('a task that must not run twice without a decision waits for one, and the job with it', async () => {
    const world = await suite.world();
    const { next, survivor } = await withDeadWorker(world, [world.storage, world.storage], {
      onCrash: 'block',
    });
    await world.pass(12_000);
    expect(await survivor.getTask('j/t')).toMatchObject({ state: 'blocked', crashes: 1, runs: 1 });
    expect(await survivor.why('j/t')).toMatchObject({ reason: { kind: 'crashed' } });
    expect(await survivor.job('j')).toMatchObject({ status: 'running', stalls: 0 });
    await survivor.pauseTask('j/t');
    await survivor.resumeTask('j/t');
    await world.pass(5_000);
    expect(next.contexts).toEqual([]);
    await survivor.retryTask('j/t');
    next.release();
    const job = await survivor.openJob('j');
    expect(await world.until(job.done)).toMatchObject({ success: true });
    expect(next.contexts).toHaveLength(1);
  });

  it('several survivors take each task over once', async () => {
    const world = await suite.world();
    const lost = held('t');
    const dead = await world.manager({
      clock: new SimulatedClock(world.clock.now()),
      agents: [lost.agent],
      concurrency: 20,
    });
    const survivors: Held[] = [];
    const job = await dead.startJob({
      tasks: Array.from({ length: 20 }, (_, i) => ({ key: `${i}`, agent: 't' })),
    });
    await world.quiet();
    expect(lost.contexts).toHaveLength(20);
    for (let i = 0; i < 3; i++) {
      const next = held('t');
      next.release();
      survivors.push(next);
      await world.manager({
        agents: [next.agent],
        storage: i === 2 ? await world.beside() : world.storage,
      });
    }
    await world.pass(12_000);
    expect((await job.view()).status).toBe('succeeded');
    expect(survivors.flatMap(({ contexts }) => contexts)).toHaveLength(20);
    for (const task of await job.tasks()) expect(task).toMatchObject({ crashes: 1, runs: 2 });
  });

  it('an attempt that its worker does not end in time is ended by others', async () => {
    const world = await suite.world();
    const stuck = held('t');
    // Its time stands still for its attempts; that it lives is told by somebody else.
    const asleep = new SimulatedClock(world.clock.now());
    const owner = await world.manager({ clock: asleep, agents: [stuck.agent] });
    await owner.startJob({ id: 'j', tasks: [{ key: 't', agent: 't', timeout: 3, maxRetries: 0 }] });
    await stuck.begun;
    const other = await world.manager({ agents: [ok] });
    await world.storage.db
      .updateTable('dagger_workers' as never)
      .set({ lease_until: world.clock.now() + 3_600_000 } as never)
      .execute();
    await world.pass(12_000);
    expect(await other.getTask('j/t')).toMatchObject({
      state: 'failed',
      crashes: 0,
      error: { code: 'TASK_TIMEOUT' },
    });
  });
};
