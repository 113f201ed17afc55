import { defineTaskAgent, type TaskAgent } from '@dagger/tasks';
import { expect, it } from 'vitest';
import { held, ok } from './agents.ts';
import type { Suite } from './world.ts';

const noting = (order: string[]): TaskAgent => ({
  name: 'noting',
  execute: ({ taskId }) => void order.push(taskId.slice(taskId.indexOf('/') + 1)),
});

export const priorities = (suite: Suite): void => {
  it('the highest first, and the oldest first among equals', async () => {
    const world = await suite.world();
    const order: string[] = [];
    const agent = noting(order);
    const person = await world.manager({ remoteAgents: ['noting'] });
    const tasks = [0, 5, -3, 5, 0].map((priority, i) => ({ key: `${i}`, agent, priority }));
    const job = await person.startJob({ id: 'j', tasks });
    await person.startJob({ id: 'k', priority: 3, tasks: [{ key: 'all', agent }] });
    expect((await person.readyTasks('j')).map(({ key }) => key)).toEqual(['1', '3', '0', '4', '2']);
    await world.manager({ agents: [agent], concurrency: 1, maxPrefetch: 0 });
    await world.until(job.done);
    expect(order).toEqual(['1', '3', 'all', '0', '4', '2']);
  });

  it('a task inherits that of one which waits for it, through chains', async () => {
    const world = await suite.world();
    const order: string[] = [];
    const agent = noting(order);
    const person = await world.manager({ remoteAgents: ['noting'] });
    const job = await person.startJob({
      id: 'j',
      tasks: [
        { key: 'plain', agent },
        { key: 'first', agent, priority: -9 },
        { key: 'second', agent, needs: ['first'] },
        { key: 'urgent', agent, needs: ['second'], priority: 9 },
        { key: 'middling', agent, priority: 5 },
      ],
    });
    expect(await person.getTask('j/first')).toMatchObject({ priority: -9, effectivePriority: 9 });
    await world.manager({ agents: [agent], concurrency: 1, maxPrefetch: 0 });
    await world.until(job.done);
    expect(order).toEqual(['first', 'second', 'urgent', 'middling', 'plain']);
  });

  it('tasks that exist already inherit it too, however the one that waits comes to them', async () => {
    const world = await suite.world();
    const person = await world.manager({ agents: [ok], remoteAgents: ['elsewhere'], work: false });
    await person.startJob({
      id: 'j',
      tasks: [
        { key: 'a', agent: 'elsewhere' },
        { key: 'b', agent: 'elsewhere', needs: ['a'] },
        { key: 'c', agent: 'elsewhere' },
        { key: 'd', agent: 'elsewhere', needs: ['c'], priority: 2 },
        { key: 'e', agent: 'elsewhere', priority: 7 },
      ],
    });
    const ranks = async (): Promise<unknown> =>
      Object.fromEntries(
        (await person.tasks()).map(({ key, effectivePriority: rank }) => [key, rank]),
      );
    await person.addTask('j', { key: 'x', agent: ok, priority: 5, needs: ['j/b'] });
    expect(await ranks()).toMatchObject({ a: 5, b: 5, c: 2, d: 2, x: 5 });
    await person.addDependency('j/e', 'j/d');
    expect(await ranks()).toMatchObject({ a: 5, b: 5, c: 7, d: 7, e: 7 });
    // A lower one changes nothing.
    await person.addTask('j', { key: 'y', agent: ok, priority: -5, needs: ['j/b'] });
    expect(await ranks()).toMatchObject({ a: 5, b: 5 });
  });

  it('a task that others require at run time is as urgent as they are', async () => {
    const world = await suite.world();
    const parent = defineTaskAgent({
      name: 'parent',
      async execute(ctx) {
        await ctx.require([
          { agent: 'elsewhere', key: 'inherits' },
          { agent: 'elsewhere', key: 'says', priority: 1 },
        ]);
      },
    });
    const manager = await world.manager({ agents: [parent], remoteAgents: ['elsewhere'] });
    await manager.startJob({ id: 'j', tasks: [{ key: 'p', agent: parent, priority: 8 }] });
    await world.quiet();
    expect(await manager.tasks({ parent: 'j/p' })).toMatchObject([
      { priority: 8, effectivePriority: 8 },
      { priority: 1, effectivePriority: 8 },
    ]);
  });

  it('a free slot goes to what is most urgent when it becomes free', async () => {
    const world = await suite.world();
    const order: string[] = [];
    const agent = noting(order);
    const busy = held('busy');
    const manager = await world.manager({
      agents: [busy.agent, agent],
      concurrency: 1,
      maxPrefetch: 0,
    });
    const job = await manager.startJob({ id: 'j', tasks: [{ key: 'busy', agent: busy.agent }] });
    await busy.begun;
    await job.addAll([
      { key: 'low', agent, priority: 1 },
      { key: 'high', agent, priority: 2 },
    ]);
    await job.add({ key: 'highest', agent, priority: 3 });
    busy.release();
    await world.until(job.done);
    expect(order).toEqual(['highest', 'high', 'low']);
  });

  it('an agent runs as many tasks at a time as it may in one worker, and others do not wait for it', async () => {
    const world = await suite.world();
    const narrow = held('narrow', { concurrency: 2 });
    const manager = await world.manager({ agents: [narrow.agent, ok] });
    const job = await manager.startJob({
      id: 'j',
      tasks: [
        ...Array.from({ length: 5 }, (_, i) => ({ key: `${i}`, agent: narrow.agent, priority: 1 })),
        { key: 'other', agent: ok },
      ],
    });
    await world.quiet();
    expect(narrow.contexts).toHaveLength(2);
    expect(await manager.getTask('j/other')).toMatchObject({ state: 'completed' });
    narrow.release();
    expect(await world.until(job.done)).toMatchObject({ success: true });
  });
};
