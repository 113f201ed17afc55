import { defineTaskAgent, type TaskManager } from '@dagger/tasks';
import { expect, it } from 'vitest';
import { broken, contextOf, echo, held, ok } from './agents.ts';
import { saying } from './saying.ts';
import type { Suite } from './world.ts';

export const jobs = (suite: Suite): void => {
  it('that are empty have succeeded', async () => {
    const world = await suite.world();
    const manager = await world.manager({ agents: [ok] });
    const job = await manager.startJob({ id: 'j', title: 'nothing to do' });
    expect(await world.until(job.done)).toEqual({
      jobId: 'j',
      status: 'succeeded',
      success: true,
      outputs: {},
      error: null,
      counts: { total: 0, unfinished: 0, failed: 0 },
      tokens: 0,
    });
    expect(await job.view()).toMatchObject({ title: 'nothing to do', progress: 1, open: false });
  });

  it('give the outputs of the tasks directly below them, by their keys', async () => {
    const world = await suite.world();
    const parent = defineTaskAgent({
      name: 'parent',
      async execute(ctx) {
        await ctx.spawn({ agent: echo, key: 'below', input: { deep: true } });
        return { done: true };
      },
    });
    const manager = await world.manager({ agents: [echo, parent, broken] });
    const job = await manager.startJob({
      objective: { agent: 'parent' },
      tasks: [
        { key: 'a/b', agent: echo, input: { n: 1 } },
        { key: 'bad', agent: broken },
      ],
    });
    expect(await world.until(job.done)).toMatchObject({
      outputs: { objective: { done: true }, 'a/b': { n: 1 } },
      counts: { total: 4, unfinished: 0, failed: 1 },
      error: { code: 'BROKEN' },
    });
    expect((await job.view()).progress).toBe(1);
  });

  it('are started once under one id, however often and by whomever they are asked for', async () => {
    const world = await suite.world();
    const managers = [
      await world.manager({ agents: [echo] }),
      await world.manager({ agents: [echo], storage: await world.beside() }),
    ];
    const asked = Array.from({ length: 10 }, (_, i) =>
      (managers[i % 2] as TaskManager).startJob({
        id: 'once',
        tasks: [{ key: 't', agent: echo, input: { i } }],
      }),
    );
    const handles = await world.until(Promise.all(asked));
    expect(handles.filter(({ isNew }) => isNew)).toHaveLength(1);
    const results = await world.until(Promise.all(handles.map(({ done }) => done)));
    expect(new Set(results.map((result) => JSON.stringify(result))).size).toBe(1);
    expect(await managers[0]?.tasks()).toHaveLength(1);
  });

  it('that are there already stay as they are', async () => {
    const world = await suite.world();
    const manager = await world.manager({ agents: [echo] });
    await world.until(
      (await manager.startJob({ id: 'j', tasks: [{ key: 'a', agent: echo }] })).done,
    );
    const again = await manager.startJob({
      id: 'j',
      title: 'other',
      tasks: [{ key: 'b', agent: echo }],
    });
    expect(again.isNew).toBe(false);
    expect(await world.until(again.done)).toMatchObject({ outputs: { a: {} } });
    expect(await again.view()).toMatchObject({ title: null, counts: { total: 1 } });
  });

  it('that are limited to some agents take no others, neither at first nor later nor from their tasks', async () => {
    const world = await suite.world();
    const spawning = defineTaskAgent({
      name: 'spawning',
      execute: (ctx) => ctx.spawn({ agent: 'broken' }).then(() => {}),
    });
    const manager = await world.manager({ agents: [ok, broken, spawning] });
    const limited = { allowedAgents: [ok, 'spawning'], open: true };
    await expect(
      manager.startJob({ id: 'j', ...limited, tasks: [{ agent: ok }, { agent: broken }] }),
    ).rejects.toMatchObject({ code: 'AGENT_NOT_ALLOWED', ids: { agent: 'broken' } });
    await expect(manager.job('j')).rejects.toMatchObject({ code: 'JOB_UNKNOWN' });
    const job = await manager.startJob({
      id: 'j',
      ...limited,
      tasks: [{ key: 's', agent: spawning }],
    });
    await expect(job.addAll([{ agent: ok }, { agent: broken }])).rejects.toMatchObject({
      code: 'AGENT_NOT_ALLOWED',
    });
    await job.seal();
    expect(await world.until(job.done)).toMatchObject({
      success: false,
      error: { code: 'AGENT_NOT_ALLOWED' },
      counts: { total: 1 },
    });
  });

  it('that stop at a failure cancel the rest, and abort what runs', async () => {
    const world = await suite.world();
    const slow = held();
    const late = defineTaskAgent({
      name: 'late',
      async execute() {
        await slow.begun;
        throw new Error('too late');
      },
    });
    const manager = await world.manager({ agents: [slow.agent, late, ok] });
    const job = await manager.startJob({
      onFailure: 'stop',
      tasks: [
        { key: 'slow', agent: slow.agent },
        { key: 'bad', agent: late, maxRetries: 0 },
        { key: 'after', agent: ok, needs: ['slow'] },
        { key: 'delayed', agent: ok, delay: 60 },
      ],
    });
    expect(await world.until(job.done)).toMatchObject({
      status: 'failed',
      error: { message: 'too late' },
    });
    expect((await job.tasks()).map(({ state }) => state)).toEqual([
      'cancelled',
      'failed',
      'cancelled',
      'cancelled',
    ]);
    await world.pass(2_000);
    expect(contextOf(slow).signal.aborted).toBe(true);
  });

  it('that go on after a failure do everything that does not need it, and have failed', async () => {
    const world = await suite.world();
    const manager = await world.manager({ agents: [ok, broken] });
    const job = await manager.startJob({
      tasks: [
        { key: 'bad', agent: broken },
        { key: 'needy', agent: ok, needs: ['bad'] },
        { key: 'free', agent: ok, delay: 5 },
      ],
    });
    expect(await world.until(job.done)).toMatchObject({
      status: 'failed',
      success: false,
      error: { code: 'BROKEN' },
      outputs: { free: {} },
      counts: { total: 3, unfinished: 0, failed: 2 },
    });
  });

  it('have succeeded when somebody went on in spite of a failure', async () => {
    const world = await suite.world();
    const manager = await world.manager({ agents: [ok, broken] });
    const job = await manager.startJob({
      tasks: [
        { key: 'bad', agent: broken },
        { key: 'passed on', agent: ok, needs: ['bad'] },
        { key: 'handler', agent: ok, needs: [{ task: 'passed on', onFailure: 'continue' }] },
      ],
    });
    expect(await world.until(job.done)).toMatchObject({ success: true, error: null });
  });

  it('that are open end only when they are sealed, and take nothing after their end', async () => {
    const world = await suite.world();
    const manager = await world.manager({ agents: [ok] });
    const job = await manager.startJob({ id: 'j', open: true });
    await job.add({ agent: ok, key: 'a' });
    await world.pass(5_000);
    expect(await job.status()).toBe('running');
    expect(await manager.getTask('j/a')).toMatchObject({ state: 'completed' });
    await job.add({ agent: ok, key: 'b', delay: 10 });
    await job.seal();
    await job.seal();
    await job.add({ agent: ok, key: 'c' });
    expect(await world.until(job.done)).toMatchObject({ success: true, counts: { total: 3 } });
    await expect(job.add({ agent: ok, key: 'd' })).rejects.toMatchObject({ code: 'JOB_FINISHED' });
    await expect(job.pause()).rejects.toMatchObject({ code: 'JOB_FINISHED' });
    expect((await job.add({ agent: ok, key: 'a' })).isNew).toBe(false);
  });

  it('that take longer than they may fail, with what is left cancelled', async () => {
    const world = await suite.world();
    const slow = held();
    const manager = await world.manager({ agents: [slow.agent, ok] });
    const job = await manager.startJob({
      timeout: 10,
      tasks: [{ agent: slow.agent }, { agent: ok, delay: 3_600 }],
    });
    expect(await world.until(job.done)).toMatchObject({
      status: 'failed',
      error: { code: 'JOB_TIMEOUT' },
    });
    expect(await job.tasks({ state: 'cancelled' })).toHaveLength(2);
    await world.pass(2_000);
    expect(contextOf(slow).signal.aborted).toBe(true);
  });

  it('take no more tasks than they may have, and none deeper than that', async () => {
    const world = await suite.world();
    const refused: unknown[] = [];
    const digging = defineTaskAgent({
      name: 'digging',
      async execute(ctx) {
        await ctx.spawn({ agent: 'digging' }).catch((error: unknown) => refused.push(error));
      },
    });
    const manager = await world.manager({ agents: [ok, digging] });
    const job = await manager.startJob({
      open: true,
      limits: { maxTasks: 4, maxDepth: 2 },
      tasks: [{ agent: digging }],
    });
    await world.pass(2_000);
    expect(refused).toMatchObject([{ code: 'LIMIT_REACHED', message: saying('maxDepth') }]);
    await expect(job.addAll([{ agent: ok }, { agent: ok }])).rejects.toMatchObject({
      code: 'LIMIT_REACHED',
      message: saying('maxTasks'),
    });
    expect((await job.view()).counts.total).toBe(3);
    await job.add({ agent: ok });
    await expect(
      manager.startJob({ limits: { maxTasks: 1 }, tasks: [{ agent: ok }, { agent: ok }] }),
    ).rejects.toMatchObject({ code: 'LIMIT_REACHED' });
    expect(await manager.jobs()).toHaveLength(1);
  });

  it('count the tokens that their tasks use, failed attempts included, and end above their limit', async () => {
    const world = await suite.world();
    const spending = defineTaskAgent({
      name: 'spending',
      execute(ctx) {
        ctx.useTokens(40);
        ctx.useTokens(2);
        if (ctx.attempt === 1) throw new Error('again');
      },
    });
    const manager = await world.manager({ agents: [spending, ok] });
    const tasks = [
      { key: 'spends', agent: spending },
      { key: 'after', agent: ok, needs: ['spends'], delay: 1 },
    ];
    const free = await manager.startJob({ tasks });
    expect(await world.until(free.done)).toMatchObject({ success: true, tokens: 84 });
    const bound = await manager.startJob({ tasks, limits: { maxTokens: 83 } });
    expect(await world.until(bound.done)).toMatchObject({
      status: 'failed',
      tokens: 84,
      error: { code: 'LIMIT_REACHED', message: saying('maxTokens') },
    });
  });

  it('end a task that is taken up more often than it may be', async () => {
    const world = await suite.world();
    const restless = defineTaskAgent({
      name: 'restless',
      execute: (ctx) => ctx.require({ agent: ok, key: `${ctx.run}` }),
    });
    const manager = await world.manager({ agents: [restless, ok] });
    const job = await manager.startJob({
      limits: { maxRuns: 3 },
      tasks: [{ key: 't', agent: restless }],
    });
    expect(await world.until(job.done)).toMatchObject({
      error: { code: 'LIMIT_REACHED', message: saying('maxRuns') },
    });
  });

  it('that are not there are unknown to every call', async () => {
    const world = await suite.world();
    const manager = await world.manager({ agents: [ok] });
    const calls = [
      () => manager.job('x'),
      () => manager.openJob('x'),
      () => manager.result('x'),
      () => manager.history('x'),
      () => manager.cancelJob('x'),
      () => manager.pauseJob('x'),
      () => manager.resumeJob('x'),
      () => manager.sealJob('x'),
      () => manager.addTasks('x', [{ agent: ok }]),
      () => manager.job('x\0'),
    ];
    for (const call of calls) await expect(call()).rejects.toMatchObject({ code: 'JOB_UNKNOWN' });
  });
};
