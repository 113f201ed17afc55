import { sqlite } from '@dagger/sqlite';
import { defineTaskAgent, TaskManager } from '@dagger/tasks';
import { expect, test } from 'vitest';

test('an attempt that fails while its job is paused is tried again when the job goes on', async () => {
  let hasBegun = (): void => {};
  const begun = new Promise<void>((resolve) => (hasBegun = resolve));
  let end = (): void => {};
  const ended = new Promise<void>((resolve) => (end = resolve));
  const agent = defineTaskAgent({
    name: 'work',
    retry: { attempts: 2, strategy: { type: 'immediate' } },
    async execute({ run }) {
      hasBegun();
      await ended;
      if (run === 1) throw new Error('not yet');
    },
  });
  await using manager = await TaskManager.open({ storage: sqlite(':memory:'), agents: [agent] });
  const job = await manager.startJob({ id: 'job', tasks: [{ key: 'work', agent }] });
  const { events } = job;
  await begun;
  await job.pause();
  end();
  for await (const event of events) {
    if (event.type !== 'TaskRetrying') continue;
    expect(await manager.getTask('job/work')).toMatchObject({ state: 'paused', runs: 1 });
    await job.resume();
    break;
  }
  expect((await job.done).success).toBe(true);
  expect(await manager.getTask('job/work')).toMatchObject({ state: 'completed', runs: 2 });
});
