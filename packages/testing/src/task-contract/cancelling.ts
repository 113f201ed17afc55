import { defineTaskAgent, type TaskManager } from '@dagger/tasks';
import { expect, it } from 'vitest';
import { contextOf, held, ok } from './agents.ts';
import { everyPair } from './pairs.ts';
import type { Suite } from './world.ts';

export const cancelling = (suite: Suite): void => {
  everyPair(
    suite,
    'a task takes everything below it along, and aborts what runs',
    async (world, [a, b]) => {
      const leaf = held('leaf');
      const branch = defineTaskAgent({
        name: 'branch',
        async execute(ctx) {
          await ctx.spawn({ agent: leaf.agent, key: 'leaf' });
          await ctx.spawn({ agent: ok, key: 'later', delay: 3_600 });
          await ctx.require({ agent: 'elsewhere', key: 'required' });
        },
      });
      const agents = [leaf.agent, branch, ok];
      const worker = await world.manager({ storage: a, agents, remoteAgents: ['elsewhere'] });
      const person = await world.manager({ storage: b, work: false });
      await worker.startJob({
        id: 'j',
        tasks: [
          { key: 'top', agent: branch },
          { key: 'next', agent: 'elsewhere' },
          { key: 'waits', agent: ok, needs: ['top'] },
          { key: 'goes on', agent: 'elsewhere', needs: [{ task: 'top', onFailure: 'continue' }] },
        ],
      });
      await world.until(leaf.begun);
      await world.quiet();
      const ids = await person.cancelTask('j/top', 'not needed');
      expect([...ids].toSorted()).toEqual(['j/top', 'j/top/later', 'j/top/leaf', 'j/top/required']);
      await world.pass(2_000);
      expect(contextOf(leaf).signal.aborted).toBe(true);
      const states = Object.fromEntries(
        (await person.tasks()).map(({ key, state }) => [key, state]),
      );
      expect(states).toEqual({
        top: 'cancelled',
        leaf: 'cancelled',
        later: 'cancelled',
        required: 'cancelled',
        next: 'ready',
        waits: 'cancelled',
        'goes on': 'ready',
      });
      expect((await person.why('j/top/leaf')).reason).toEqual({
        kind: 'cancelled',
        message: 'not needed',
      });
      expect((await person.job('j')).counts).toEqual({ total: 7, unfinished: 2, failed: 0 });
    },
  );

  everyPair(suite, 'a job ends at once, with everything in it', async (world, [a, b]) => {
    const task = held('t');
    const worker = await world.manager({ storage: a, agents: [task.agent, ok] });
    const person = await world.manager({ storage: b, work: false });
    const job = await worker.startJob({
      id: 'j',
      tasks: [
        { key: 'done', agent: ok },
        { key: 't', agent: task.agent },
        { key: 'after', agent: ok, needs: ['t'] },
        { key: 'reviewed', agent: ok, review: 'person' },
      ],
    });
    await task.begun;
    await world.quiet();
    await person.cancelJob('j', 'changed my mind');
    await person.cancelJob('j');
    expect(await world.until(job.done)).toMatchObject({
      status: 'cancelled',
      success: false,
      error: null,
      outputs: { done: {} },
      counts: { total: 4, unfinished: 0 },
    });
    await world.pass(2_000);
    expect(contextOf(task).signal.aborted).toBe(true);
    task.release();
    await world.quiet();
    expect((await person.tasks()).map(({ state }) => state)).toEqual([
      'completed',
      'cancelled',
      'cancelled',
      'cancelled',
    ]);
    await expect(person.addTasks('j', [{ agent: ok }])).rejects.toMatchObject({
      code: 'AGENT_UNKNOWN',
    });
    await expect(worker.addTasks('j', [{ agent: ok }])).rejects.toMatchObject({
      code: 'JOB_FINISHED',
    });
  });

  it('an agent cancels another task of its job, but neither itself nor tasks of other jobs', async () => {
    const world = await suite.world();
    const other = held('other');
    const refused: unknown[] = [];
    const boss = defineTaskAgent({
      name: 'boss',
      async execute(ctx) {
        await other.begun;
        await ctx.cancel('j/other', 'the boss says so');
        await ctx.cancel('k/t', 'not mine').catch((error: unknown) => refused.push(error));
        await ctx.cancel('j/nobody', 'nobody').catch((error: unknown) => refused.push(error));
        return { alive: true };
      },
    });
    const manager = await world.manager({
      agents: [other.agent, boss],
      remoteAgents: ['elsewhere'],
    });
    await manager.startJob({ id: 'k', tasks: [{ key: 't', agent: 'elsewhere' }] });
    const job = await manager.startJob({
      id: 'j',
      tasks: [
        { key: 'other', agent: other.agent },
        { key: 'boss', agent: boss },
      ],
    });
    await world.until(job.done);
    expect((await job.tasks()).map(({ state }) => state)).toEqual(['cancelled', 'completed']);
    expect(refused).toMatchObject([{ code: 'TASK_UNKNOWN' }, { code: 'TASK_UNKNOWN' }]);
    expect(await manager.getTask('k/t')).toMatchObject({ state: 'ready' });
    expect((await manager.job('k')).counts.unfinished).toBe(1);
  });

  it('of what ends at the same moment comes before it or after it, never half', async () => {
    const world = await suite.world();
    const manager = await world.manager({ agents: [ok] });
    const jobs = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        manager.startJob({
          id: `j${i}`,
          tasks: [
            { key: 'a', agent: ok },
            { key: 'b', agent: ok, needs: ['a'] },
          ],
        }),
      ),
    );
    await Promise.all(
      jobs.map((job: Awaited<ReturnType<TaskManager['startJob']>>) => job.cancel()),
    );
    const results = await world.until(Promise.all(jobs.map(({ done }) => done)));
    for (const { status, counts } of results) {
      expect(['succeeded', 'cancelled']).toContain(status);
      expect(counts.unfinished).toBe(0);
    }
    await world.quiet();
    expect(await manager.tasks({ state: ['ready', 'pending', 'in_progress'] })).toEqual([]);
  });
};
