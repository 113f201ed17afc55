import { expect, it } from 'vitest';
import { held, ok } from './agents.ts';
import { everyPair } from './pairs.ts';
import type { Suite } from './world.ts';

export const delays = (suite: Suite): void => {
  everyPair(suite, 'a task runs when its time has come, and not before', async (world, [a, b]) => {
    const task = held('t');
    const person = await world.manager({ storage: a, remoteAgents: ['t'] });
    const worker = await world.manager({ storage: b, agents: [task.agent] });
    await person.startJob({ id: 'j', tasks: [{ key: 't', agent: 't', delay: 20 }] });
    expect(await person.getTask('j/t')).toMatchObject({
      state: 'pending',
      runAt: new Date(world.clock.now() + 20_000).toISOString(),
    });
    await world.pass(19_000);
    expect(task.contexts).toEqual([]);
    await world.pass(2_000);
    expect(task.contexts).toHaveLength(1);
    expect(await worker.getTask('j/t')).toMatchObject({ state: 'in_progress' });
  });

  it('tasks with different times run each at its own', async () => {
    const world = await suite.world();
    const ran: (readonly [unknown, number])[] = [];
    const noting = {
      name: 'noting',
      execute: ({ input }: { readonly input: { readonly n?: unknown } }) =>
        void ran.push([input.n, world.clock.elapsed]),
    };
    const manager = await world.manager({ agents: [noting] });
    const job = await manager.startJob({
      tasks: [7, 3, 5].map((n) => ({ agent: 'noting', input: { n }, delay: n })),
    });
    await job.add({ agent: 'noting', input: { n: 1 }, delay: 1.5 });
    await world.until(job.done);
    expect(ran).toEqual([
      [1, 1_500],
      [3, 3_000],
      [5, 5_000],
      [7, 7_000],
    ]);
  });

  it('a task with a time and with needs waits for both', async () => {
    const world = await suite.world();
    const slow = held();
    const manager = await world.manager({ agents: [slow.agent, ok] });
    const job = await manager.startJob({
      id: 'j',
      tasks: [
        { key: 'slow', agent: slow.agent },
        { key: 'early', agent: ok, delay: 5, needs: ['slow'] },
        { key: 'late', agent: ok, delay: 20, needs: ['slow'] },
      ],
    });
    await world.pass(10_000);
    expect(await manager.getTask('j/early')).toMatchObject({ state: 'pending' });
    slow.release();
    await world.quiet();
    expect(await manager.getTask('j/early')).toMatchObject({ state: 'completed' });
    expect(await manager.getTask('j/late')).toMatchObject({ state: 'pending', waitsFor: 0 });
    expect((await manager.why('j/late')).reason).toEqual({
      kind: 'delayed',
      until: new Date(world.clock.start + 20_000).toISOString(),
    });
    await world.until(job.done);
    expect(world.clock.elapsed).toBe(20_000);
  });
};
