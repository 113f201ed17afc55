import { sqlite } from '@dagger/sqlite';
import { expect, it, onTestFinished } from 'vitest';
import { SimulatedClock } from '../../testing/src/simulated-clock.ts';
import { TaskManager, type AnyTaskAgent, type JobSpec, type TaskContext } from '../src/index.ts';

const setup = async (agents: readonly AnyTaskAgent[], spec: JobSpec) => {
  const storage = sqlite(':memory:');
  const clock = new SimulatedClock();
  const options = { storage, clock, agents, heartbeatThread: false, drainSeconds: 1 };
  const manager = await TaskManager.open(options);
  onTestFinished(async () => {
    await clock.advanceUntil(manager.close());
    await storage.close();
  });
  const job = await manager.startJob({ id: 'j', ...spec });
  return { manager, clock, job, openAnother: () => TaskManager.open({ ...options, work: false }) };
};

it('a task whose shared value is refused has failed with the refusal, and is not left without anybody', async () => {
  const { clock, job } = await setup(
    [
      {
        name: 'append',
        execute: (ctx: TaskContext) => ctx.state.append('count', 'one'),
      },
    ],
    { tasks: [{ key: 'a', agent: 'append' }], state: { count: 0 } },
  );
  expect(await clock.advanceUntil(job.done)).toMatchObject({
    status: 'failed',
    error: { code: 'TASK_INVALID' },
  });
});

it('a plan comes although the job has as many tasks as it may', async () => {
  const { clock, job } = await setup(
    [
      { name: 'stuck', execute: (ctx: TaskContext) => ctx.block('no way on') },
      { name: 'planner', execute: (ctx: TaskContext) => ctx.cancel('j/a', 'not worth it') },
    ],
    {
      tasks: [{ key: 'a', agent: 'stuck' }],
      limits: { maxTasks: 1 },
      allowedAgents: ['stuck'],
      stall: { action: { type: 'NotifyPlanningAgent', agent: 'planner' } },
    },
  );
  expect(await clock.advanceUntil(job.done)).toMatchObject({
    status: 'succeeded',
    counts: { total: 2 },
  });
});

it('a task that must not run twice waits for a decision when its worker closes before it ends', async () => {
  let hasBegun = (): void => {};
  const begun = new Promise<void>((resolve) => (hasBegun = resolve));
  const { manager, clock, openAnother } = await setup(
    [
      {
        name: 'pay',
        onCrash: 'block',
        execute: () => {
          hasBegun();
          return new Promise(() => {});
        },
      },
    ],
    { tasks: [{ key: 'a', agent: 'pay' }] },
  );
  await begun;
  await clock.advanceUntil(manager.close());
  const other = await openAnother();
  expect((await other.why('j/a')).reason.kind).toBe('crashed');
  await other.close();
});
