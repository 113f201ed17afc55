import { defineTaskAgent, type TaskAgent, type TaskContext } from '@dagger/tasks';
import { expect, it } from 'vitest';
import { SimulatedClock } from '../simulated-clock.ts';
import { gate } from '../storage-contract/signals.ts';
import { contextOf, held, ok } from './agents.ts';
import { everyPair } from './pairs.ts';
import type { Suite } from './world.ts';

/** Everything that an attempt can write. */
const WRITES: { readonly [what: string]: (ctx: TaskContext) => Promise<unknown> } = {
  spawn: (ctx) => ctx.spawn({ agent: 'ok' }),
  'add a dependency': (ctx) => ctx.addDependency('j/other'),
  require: (ctx) => ctx.require({ agent: 'ok', key: 'required' }),
  settle: (ctx) => ctx.settle([{ agent: 'ok', key: 'settled' }]),
  block: (ctx) => ctx.block('why not'),
  cancel: (ctx) => ctx.cancel('j/other', 'no'),
  reopen: (ctx) => ctx.reopen('j/other'),
  'set shared values': async (ctx) => ctx.state.set('written', true),
};

const refusals = async (ctx: TaskContext): Promise<readonly unknown[]> => {
  const codes: unknown[] = [];
  for (const write of Object.values(WRITES))
    codes.push(await write(ctx).catch((error: unknown) => (error as { code?: unknown }).code));
  return codes;
};

const LOST = Object.keys(WRITES).map(() => 'TASK_LOST');

export const fencing = (suite: Suite): void => {
  everyPair(
    suite,
    'an attempt whose task was cancelled writes nothing more',
    async (world, [a, b]) => {
      const task = held('t');
      const worker = await world.manager({
        storage: a,
        agents: [task.agent, ok],
        remoteAgents: ['elsewhere'],
      });
      const person = await world.manager({ storage: b, work: false });
      await worker.startJob({
        id: 'j',
        open: true,
        tasks: [
          { key: 'other', agent: 'elsewhere' },
          { key: 't', agent: task.agent },
        ],
      });
      await world.until(task.begun);
      const ctx = contextOf(task);
      ctx.state.set('before', true);
      await person.cancelTask('j/t', 'enough');
      // Before the worker has heard of it, and after.
      expect((await refusals(ctx)).slice(0, -1)).toEqual(LOST.slice(0, -1));
      await world.pass(2_000);
      expect(ctx.signal.aborted).toBe(true);
      expect(ctx.signal.reason).toMatchObject({ code: 'TASK_LOST' });
      expect(await refusals(ctx)).toEqual(LOST);
      task.release();
      await world.pass(2_000);
      expect(await person.getTask('j/t')).toMatchObject({
        state: 'cancelled',
        output: null,
        reason: { kind: 'cancelled', message: 'enough' },
      });
      expect(await person.getTask('j/other')).toMatchObject({ state: 'ready', waitsFor: 0 });
      expect((await person.job('j')).counts).toEqual({ total: 2, unfinished: 1, failed: 0 });
      expect([await person.jobState('j', 'before'), await person.jobState('j', 'written')]).toEqual(
        [undefined, undefined],
      );
    },
  );

  everyPair(
    suite,
    'an attempt whose worker was presumed dead writes nothing more, and its output is dropped',
    async (world, [a, b]) => {
      const [one, two] = [held('t'), held('t')];
      const asleep = new SimulatedClock();
      const sleeper = await world.manager({
        storage: a,
        clock: asleep,
        agents: [one.agent, ok],
        remoteAgents: ['elsewhere'],
      });
      await sleeper.startJob({
        id: 'j',
        tasks: [
          { key: 't', agent: 't' },
          { key: 'other', agent: 'elsewhere' },
        ],
      });
      await one.begun;
      const manager = await world.manager({ storage: b, agents: [two.agent, ok] });
      await world.until(two.begun);
      // That it is lost, it cannot know before it asks.
      expect((await refusals(contextOf(one))).slice(0, -1)).toEqual(LOST.slice(0, -1));
      one.release();
      await world.quiet();
      expect(await manager.getTask('j/t')).toMatchObject({
        state: 'in_progress',
        runs: 2,
        crashes: 1,
      });
      two.release();
      await world.until(Promise.resolve());
      await world.quiet();
      expect(await manager.getTask('j/t')).toMatchObject({ state: 'completed', runs: 2 });
      expect(contextOf(two).attempt).toBe(2);
      expect((await manager.job('j')).counts).toEqual({ total: 2, unfinished: 1, failed: 0 });
    },
  );

  everyPair(
    suite,
    'an output that comes after the task was taken over is dropped, and so is a failure',
    async (world, [a, b]) => {
      const ends = [gate(), gate()];
      const late = (name: string, fails: boolean): TaskAgent => ({
        name,
        async execute() {
          await ends[0]?.passed;
          if (fails) throw new Error('too late');
          return { from: 'the first' };
        },
      });
      const sleeper = await world.manager({
        storage: a,
        clock: new SimulatedClock(),
        agents: [late('completes', false), late('fails', true)],
      });
      const job = await sleeper.startJob({
        id: 'j',
        tasks: ['completes', 'fails'].map((agent) => ({ key: agent, agent, maxRetries: 0 })),
      });
      await world.quiet();
      const next = (name: string): TaskAgent => ({
        name,
        execute: () => ends[1]?.passed.then(() => ({ from: 'the second' })),
      });
      const manager = await world.manager({
        storage: b,
        agents: [next('completes'), next('fails')],
      });
      await world.pass(10_000);
      ends[0]?.open();
      await world.quiet();
      for (const task of await job.tasks())
        expect(task).toMatchObject({ state: 'in_progress', runs: 2, output: null, failures: 0 });
      ends[1]?.open();
      const { done } = await manager.openJob('j');
      expect(await world.until(done)).toMatchObject({
        outputs: { completes: { from: 'the second' }, fails: { from: 'the second' } },
      });
    },
  );

  everyPair(
    suite,
    'a worker that wakes after it was presumed dead learns that its tasks are gone, and works on under a new name',
    async (world, [a, b]) => {
      const [one, two] = [held('t'), held('t')];
      const asleep = new SimulatedClock();
      const sleeper = await world.manager({ storage: a, clock: asleep, agents: [one.agent, ok] });
      await sleeper.startJob({ id: 'j', tasks: [{ key: 't', agent: 't' }] });
      await one.begun;
      await world.manager({ storage: b, agents: [two.agent] });
      await world.until(two.begun);
      await world.pass(5_000, asleep);
      expect(contextOf(one).signal.aborted).toBe(true);
      const job = await sleeper.startJob({ id: 'k', tasks: [{ key: 't', agent: ok }] });
      expect(await world.until(job.done, asleep)).toMatchObject({ success: true });
    },
  );

  it('an attempt cannot complete what was cancelled and is done again meanwhile', async () => {
    const world = await suite.world();
    const ends = [gate(), gate()];
    let n = 0;
    const twice = defineTaskAgent({
      name: 'twice',
      async execute() {
        const attempt = n++;
        await ends[attempt]?.passed;
        return { attempt };
      },
    });
    const manager = await world.manager({ agents: [twice] });
    const job = await manager.startJob({
      id: 'j',
      tasks: [{ key: 't', agent: twice }],
      open: true,
    });
    await world.quiet();
    await manager.cancelTask('j/t');
    await manager.retryTask('j/t');
    await world.quiet();
    expect(n).toBe(2);
    ends[0]?.open();
    await world.quiet();
    expect(await manager.getTask('j/t')).toMatchObject({ state: 'in_progress', output: null });
    ends[1]?.open();
    await job.seal();
    expect(await world.until(job.done)).toMatchObject({ outputs: { t: { attempt: 1 } } });
  });
};
