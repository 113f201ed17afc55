import { expect, it } from 'vitest';
import { whyNot } from '../storage-contract/features.ts';
import { contextOf, held } from './agents.ts';
import { everyPair } from './pairs.ts';
import type { Suite } from './world.ts';

export const notifications = (suite: Suite): void => {
  // Time stands still, so nobody looks by himself.
  everyPair(
    suite,
    'tell a worker of tasks, and of those that were cancelled',
    async (world, [a, b]) => {
      const task = held('t');
      await world.manager({ storage: a, agents: [task.agent] });
      const person = await world.manager({ storage: b, remoteAgents: ['t'], work: false });
      await world.quiet();
      await person.startJob({ id: 'j', tasks: [{ key: 't', agent: 't' }] });
      await task.begun;
      const { signal } = contextOf(task);
      const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve));
      await person.cancelTask('j/t');
      await aborted;
      expect(world.clock.elapsed).toBe(0);
      expect(signal.reason).toMatchObject({ code: 'TASK_LOST' });
    },
  );
};

export const noNotifications = (suite: Suite): void => {
  it(`do not come, so workers look from time to time: ${whyNot(suite.contract.features.notify)}`, async () => {
    const world = await suite.world();
    const task = held('t');
    await world.manager({ agents: [task.agent], pollMs: 300 });
    const person = await world.manager({ remoteAgents: ['t'], work: false });
    await world.quiet();
    await person.startJob({ id: 'j', tasks: [{ key: 't', agent: 't' }] });
    await world.pass(299);
    expect(task.contexts).toEqual([]);
    await world.pass(1);
    expect(task.contexts).toHaveLength(1);
    await person.cancelTask('j/t');
    await world.pass(1_000);
    expect(contextOf(task).signal.aborted).toBe(true);
  });
};
