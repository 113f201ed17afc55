import { defineTaskAgent, type TaskManager } from '@dagger/tasks';
import { expect, it } from 'vitest';
import { contextOf, held, ok } from './agents.ts';
import { everyPair } from './pairs.ts';
import type { Suite } from './world.ts';

export const workers = (suite: Suite): void => {
  everyPair(suite, 'share the tasks: each runs once, and none is lost', async (world, storages) => {
    const ran = new Map<string, number>();
    const counting = defineTaskAgent({
      name: 'counting',
      async execute(ctx) {
        ran.set(ctx.taskId, (ran.get(ctx.taskId) ?? 0) + 1);
        await new Promise((resolve) => setImmediate(resolve));
        if (ctx.input['parent'] === true)
          await ctx.spawn({ agent: 'counting', key: 'child', input: { n: 1 } });
      },
    });
    const managers: TaskManager[] = [];
    for (let i = 0; i < 4; i++)
      managers.push(
        await world.manager({
          agents: [counting],
          concurrency: 3,
          maxPrefetch: i,
          storage: storages[i % 2] as (typeof storages)[0],
        }),
      );
    const jobs = await Promise.all(
      managers.map((manager, j) =>
        manager.startJob({
          id: `j${j}`,
          tasks: Array.from({ length: 30 }, (_, i) => ({
            key: `${i}`,
            agent: counting,
            input: { parent: i % 3 === 0 },
            needs: i < 10 ? [] : [`${i - 10}`],
          })),
        }),
      ),
    );
    const results = await world.until(Promise.all(jobs.map(({ done }) => done)));
    for (const result of results)
      expect(result).toMatchObject({ success: true, counts: { total: 40 } });
    expect(ran.size).toBe(160);
    expect([...ran.values()].every((times) => times === 1)).toBe(true);
    for (const { runs, crashes } of await (managers[0] as TaskManager).tasks())
      expect({ runs, crashes }).toEqual({ runs: 1, crashes: 0 });
  });

  it('take only tasks of agents that they have', async () => {
    const world = await suite.world();
    const [left, right] = [held('left'), held('right')];
    const one = await world.manager({ agents: [left.agent], remoteAgents: ['right'] });
    await world.manager({ agents: [right.agent], storage: await world.beside() });
    const job = await one.startJob({
      tasks: [
        { key: 'l', agent: 'left' },
        { key: 'r', agent: 'right', needs: ['l'] },
      ],
    });
    left.release();
    right.release();
    expect(await world.until(job.done)).toMatchObject({ success: true });
    expect([left.contexts.length, right.contexts.length]).toEqual([1, 1]);
  });

  everyPair(
    suite,
    'that are closed in the middle give their tasks back uncounted, and others go on',
    async (world, [a, b]) => {
      const task = held('t', { retry: { attempts: 1 } });
      const leaving = await world.manager({ storage: a, agents: [task.agent], concurrency: 2 });
      const job = await leaving.startJob({
        id: 'j',
        tasks: Array.from({ length: 4 }, (_, i) => ({ key: `${i}`, agent: 't', maxCrashes: 0 })),
      });
      await world.quiet();
      expect(task.contexts).toHaveLength(2);
      await world.until(leaving.close());
      expect(contextOf(task).signal.aborted).toBe(true);
      const next = held('t');
      next.release();
      const other = await world.manager({ storage: b, agents: [next.agent] });
      expect((await other.tasks({ state: 'in_progress' })).length).toBe(0);
      const reopened = await other.openJob(job.id);
      expect(await world.until(reopened.done)).toMatchObject({
        success: true,
        counts: { failed: 0 },
      });
      for (const view of await other.tasks())
        expect(view).toMatchObject({ failures: 0, crashes: 0 });
      expect(next.contexts.map(({ attempt }) => attempt)).toEqual([1, 1, 1, 1]);
    },
  );

  it('that are closed wait for what runs, and take nothing new meanwhile', async () => {
    const world = await suite.world();
    const task = held('t');
    const manager = await world.manager({ agents: [task.agent, ok], concurrency: 1 });
    await manager.startJob({
      id: 'j',
      tasks: [
        { key: 't', agent: 't' },
        { key: 'next', agent: ok },
      ],
    });
    await task.begun;
    const closed = manager.close();
    await world.quiet();
    task.release();
    await world.until(closed);
    const reader = await world.manager({ work: false });
    expect(await reader.getTask('j/t')).toMatchObject({ state: 'completed' });
    expect(await reader.getTask('j/next')).toMatchObject({ state: 'ready', runs: 0 });
  });

  it('that were closed leave nothing of themselves, and may be closed again', async () => {
    const world = await suite.world();
    const manager = await world.manager({ agents: [ok] });
    await Promise.all([world.until(manager.close()), manager.close()]);
    await manager.close();
    const rows = await world.storage.db
      .selectFrom('dagger_workers' as never)
      .selectAll()
      .execute();
    expect(rows).toEqual([]);
  });

  it('pick up what was started while nobody worked', async () => {
    const world = await suite.world();
    const person = await world.manager({ remoteAgents: ['ok'] });
    const job = await person.startJob({
      tasks: [{ agent: 'ok' }, { agent: 'ok', delay: 2, key: 'later' }],
    });
    await world.pass(10_000);
    await world.manager({ agents: [ok], storage: await world.beside() });
    expect(await world.until(job.done)).toMatchObject({ success: true });
  });
};
