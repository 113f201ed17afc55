import { defineTaskAgent } from '@dagger/tasks';
import { expect, it } from 'vitest';
import { contextOf, held, ok } from './agents.ts';
import { everyPair } from './pairs.ts';
import type { Suite } from './world.ts';

export const holding = (suite: Suite): void => {
  everyPair(
    suite,
    'a task that is paused does not run until it is resumed',
    async (world, [a, b]) => {
      const person = await world.manager({ storage: a, remoteAgents: ['ok'] });
      const job = await person.startJob({
        id: 'j',
        tasks: [
          { key: 't', agent: 'ok', delay: 5 },
          { key: 'after', agent: 'ok', needs: ['t'] },
        ],
      });
      await world.manager({ storage: b, agents: [ok] });
      await person.pauseTask('j/t', 'wait for me');
      await world.pass(8_000);
      expect(await person.getTask('j/t')).toMatchObject({
        state: 'paused',
        reason: { kind: 'paused', message: 'wait for me' },
      });
      expect(await person.job('j')).toMatchObject({ status: 'running', stalls: 0 });
      await person.resumeTask('j/t');
      expect(await world.until(job.done)).toMatchObject({ success: true });
      const types = (await person.history('j')).map(({ type }) => type);
      expect(types.filter((type) => /Paused|Resumed|Waiting/.test(type))).toEqual([
        'TaskPaused',
        'JobWaiting',
        'TaskResumed',
      ]);
    },
  );

  it('a task that is paused while it waits goes on waiting, and what it needs may end meanwhile', async () => {
    const world = await suite.world();
    const slow = held();
    const manager = await world.manager({ agents: [slow.agent, ok] });
    const job = await manager.startJob({
      id: 'j',
      tasks: [
        { key: 'slow', agent: slow.agent },
        { key: 'a', agent: ok, needs: ['slow'] },
        { key: 'b', agent: ok, needs: ['slow'] },
      ],
    });
    await slow.begun;
    await manager.pauseTask('j/a');
    await manager.pauseTask('j/b');
    await manager.resumeTask('j/a');
    expect(await manager.getTask('j/a')).toMatchObject({ state: 'pending', waitsFor: 1 });
    slow.release();
    await world.quiet();
    expect(await manager.getTask('j/a')).toMatchObject({ state: 'completed' });
    expect(await manager.getTask('j/b')).toMatchObject({ state: 'paused', waitsFor: 0 });
    await manager.resumeTask('j/b');
    expect(await world.until(job.done)).toMatchObject({ success: true });
  });

  it('nothing of a paused job is begun, whatever ends, fails or is added in it meanwhile', async () => {
    const world = await suite.world();
    const slow = held();
    const failing = held('failing');
    const flaky = defineTaskAgent({
      name: 'flaky',
      async execute(ctx) {
        if (ctx.attempt > 1) return;
        await failing.begun;
        await ctx.spawn({ agent: ok, key: 'child' });
        throw new Error('once');
      },
    });
    const waiting = defineTaskAgent({
      name: 'waiting',
      async execute(ctx) {
        await failing.begun;
        await ctx.require({ agent: ok, key: 'required' });
      },
    });
    const manager = await world.manager({
      agents: [slow.agent, flaky, waiting, ok, failing.agent],
    });
    const job = await manager.startJob({
      id: 'j',
      tasks: [
        { key: 'slow', agent: slow.agent },
        { key: 'flaky', agent: flaky },
        { key: 'waiting', agent: waiting },
        { key: 'reviewed', agent: ok, review: 'person' },
        { key: 'after', agent: ok, needs: ['slow'] },
        { key: 'delayed', agent: ok, delay: 5 },
      ],
    });
    await slow.begun;
    await world.quiet();
    await job.pause('lunch');
    await job.pause();
    await job.add({ key: 'added', agent: ok });
    const other = await manager.startJob({ tasks: [{ agent: failing.agent }] });
    slow.release();
    failing.release();
    await world.until(other.done);
    await manager.reject('j/reviewed', 'again');
    await world.pass(8_000);
    const states = Object.fromEntries((await job.tasks()).map(({ key, state }) => [key, state]));
    expect(states).toEqual({
      slow: 'completed',
      flaky: 'paused',
      child: 'paused',
      waiting: 'blocked',
      required: 'paused',
      reviewed: 'paused',
      after: 'paused',
      delayed: 'paused',
      added: 'paused',
    });
    expect(await manager.job('j')).toMatchObject({ status: 'paused', stalls: 0 });
    expect((await manager.why('j/after')).reason).toEqual({ kind: 'job_paused' });
    await job.resume();
    await job.resume();
    await world.until(manager.getTask('j/reviewed'));
    await world.pass(2_000);
    await manager.accept('j/reviewed');
    expect(await world.until(job.done)).toMatchObject({ success: true, counts: { total: 9 } });
    expect(await manager.getTask('j/flaky')).toMatchObject({ failures: 1 });
  });

  it('a task that was paused by itself stays so when its job is resumed, and the other way round', async () => {
    const world = await suite.world();
    const manager = await world.manager({ agents: [ok], work: false });
    const job = await manager.startJob({
      id: 'j',
      tasks: ['a', 'b'].map((key) => ({ key, agent: ok })),
    });
    await manager.pauseTask('j/a', 'mine');
    await job.pause();
    await job.resume();
    expect((await job.tasks()).map(({ state }) => state)).toEqual(['paused', 'ready']);
    await job.pause();
    await manager.resumeTask('j/a');
    expect((await job.tasks()).map(({ state }) => state)).toEqual(['paused', 'paused']);
    await job.resume();
    expect((await job.tasks()).map(({ state }) => state)).toEqual(['ready', 'ready']);
  });

  it('what is in progress when its job is paused comes to its end', async () => {
    const world = await suite.world();
    const slow = held();
    const manager = await world.manager({ agents: [slow.agent, ok] });
    const job = await manager.startJob({ tasks: [{ key: 't', agent: slow.agent }] });
    await slow.begun;
    await job.pause();
    slow.release();
    await world.quiet();
    expect(contextOf(slow).signal.aborted).toBe(false);
    expect(await world.until(job.done)).toMatchObject({ success: true });
  });

  it('that nothing can move in a job shows when it is resumed', async () => {
    const world = await suite.world();
    const slow = held();
    const stuck = defineTaskAgent({ name: 'stuck', execute: (ctx) => ctx.block('who knows') });
    const manager = await world.manager({ agents: [slow.agent, stuck] });
    const job = await manager.startJob({ tasks: [{ agent: slow.agent }, { agent: stuck }] });
    await slow.begun;
    await world.quiet();
    await job.pause();
    slow.release();
    await world.quiet();
    expect(await job.status()).toBe('paused');
    await job.resume();
    expect(await world.until(job.done)).toMatchObject({ error: { code: 'JOB_STUCK' } });
  });
};
