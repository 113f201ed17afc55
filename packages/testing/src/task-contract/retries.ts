import { NonRetryableError } from '@dagger/core';
import { defineTaskAgent } from '@dagger/tasks';
import { expect, it } from 'vitest';
import { held, ok } from './agents.ts';
import type { Suite } from './world.ts';

export const retries = (suite: Suite): void => {
  it('come after delays that grow, and each attempt knows which it is', async () => {
    const world = await suite.world();
    const began: number[] = [];
    const attempts: number[] = [];
    const flaky = defineTaskAgent({
      name: 'flaky',
      execute({ attempt, idempotencyKey }) {
        began.push(world.clock.elapsed);
        attempts.push(attempt);
        if (attempt < 4) throw new Error(`attempt ${attempt}`);
        return { idempotencyKey };
      },
    });
    const manager = await world.manager({
      agents: [flaky],
      ids: { runId: () => 'j', random: () => 1 - Number.EPSILON },
    });
    const job = await manager.startJob({
      tasks: [
        {
          key: 't',
          agent: flaky,
          maxRetries: 3,
          retryStrategy: { type: 'exponential', initialDelay: 2, maxDelay: 60, multiplier: 2 },
        },
      ],
    });
    const result = await world.until(job.done);
    expect(result).toMatchObject({ success: true, outputs: { t: { idempotencyKey: 'j/t' } } });
    expect(attempts).toEqual([1, 2, 3, 4]);
    expect(began).toEqual([0, 2_000, 6_000, 14_000]);
    expect(await manager.getTask('j/t')).toMatchObject({ failures: 3, error: null, runs: 4 });
    const log = (await manager.history('j')).filter(({ type }) => type === 'TaskRetrying');
    expect(log).toMatchObject([
      { attempt: 1, delayMs: 2_000, error: { message: 'attempt 1' } },
      { attempt: 2, delayMs: 4_000 },
      { attempt: 3, delayMs: 8_000 },
    ]);
  });

  it('vary between half of the delay and the whole', async () => {
    const world = await suite.world();
    const began: number[] = [];
    const flaky = defineTaskAgent({
      name: 'flaky',
      retry: { attempts: 2, strategy: { type: 'linear', delay: 10 } },
      execute: () => {
        began.push(world.clock.elapsed);
        throw new Error('no');
      },
    });
    const manager = await world.manager({
      agents: [flaky],
      ids: { runId: () => 'j', random: () => 0 },
    });
    const job = await manager.startJob({ tasks: [{ agent: flaky }] });
    expect(await world.until(job.done)).toMatchObject({ error: { message: 'no' } });
    expect(began).toEqual([0, 5_000]);
  });

  it.each([
    ['what the task says goes over what its agent says', 0, 1],
    ['without a word of the task its agent says how many', undefined, 4],
  ])('are as many as they may be: %s', async (_, maxRetries, expected) => {
    const world = await suite.world();
    let n = 0;
    const flaky = defineTaskAgent({
      name: 'flaky',
      retry: { attempts: 4, strategy: { type: 'linear', delay: 0 } },
      execute: () => {
        n++;
        throw new Error('no');
      },
    });
    const manager = await world.manager({ agents: [flaky] });
    const job = await manager.startJob({
      id: 'j',
      tasks: [{ key: 't', agent: flaky, ...(maxRetries === undefined ? {} : { maxRetries }) }],
    });
    expect(await world.until(job.done)).toMatchObject({ status: 'failed' });
    expect(n).toBe(expected);
    expect(await manager.getTask('j/t')).toMatchObject({ state: 'failed', failures: expected });
  });

  it('are not made of what says that another attempt is no use', async () => {
    const world = await suite.world();
    let n = 0;
    const final = defineTaskAgent({
      name: 'final',
      execute: () => {
        n++;
        throw new NonRetryableError('never', { code: 'NEVER' });
      },
    });
    const picky = defineTaskAgent({
      name: 'picky',
      retry: { attempts: 5, retryOn: ['BUSY'] },
      execute: () => {
        n++;
        throw Object.assign(new Error('other'), { code: 'OTHER' });
      },
    });
    const manager = await world.manager({ agents: [final, picky] });
    const job = await manager.startJob({
      id: 'j',
      tasks: [
        { key: 'f', agent: final },
        { key: 'p', agent: picky },
      ],
    });
    await world.until(job.done);
    expect(n).toBe(2);
    expect(await job.tasks()).toMatchObject([
      { error: { code: 'NEVER' } },
      { error: { code: 'OTHER' } },
    ]);
  });

  it('whatever an agent throws is kept as an error, also what is none', async () => {
    const world = await suite.world();
    const thrown = [
      'text',
      null,
      undefined,
      7,
      { code: 'X', message: 'object' },
      new TypeError('t'),
    ];
    const throwing = defineTaskAgent({
      name: 'throwing',
      execute: ({ input }) => {
        throw thrown[Number(input['i'])] as Error;
      },
    });
    const manager = await world.manager({ agents: [throwing] });
    const job = await manager.startJob({
      tasks: thrown.map((_, i) => ({ agent: throwing, input: { i }, maxRetries: 0 })),
    });
    expect(await world.until(job.done)).toMatchObject({ counts: { failed: thrown.length } });
    for (const { error } of await job.tasks())
      expect([typeof error?.code, typeof error?.message]).toEqual(['string', 'string']);
  });

  it('an attempt that takes longer than it may is aborted, and its output is dropped', async () => {
    const world = await suite.world();
    const slow = held('slow', { retry: { attempts: 2, strategy: { type: 'linear', delay: 4 } } });
    const manager = await world.manager({
      agents: [slow.agent],
      ids: { runId: () => 'j', random: () => 0 },
    });
    const job = await manager.startJob({ tasks: [{ key: 't', agent: slow.agent, timeout: 10 }] });
    await slow.begun;
    await world.pass(9_999);
    expect(slow.contexts[0]?.signal.aborted).toBe(false);
    await world.pass(1);
    expect(slow.contexts[0]?.signal.reason).toMatchObject({ code: 'TASK_TIMEOUT' });
    expect(await manager.getTask('j/t')).toMatchObject({
      state: 'pending',
      failures: 1,
      error: { code: 'TASK_TIMEOUT' },
      runAt: new Date(world.clock.now() + 2_000).toISOString(),
    });
    expect(await world.until(job.done)).toMatchObject({ error: { code: 'TASK_TIMEOUT' } });
    slow.release();
    await world.quiet();
    expect(await manager.getTask('j/t')).toMatchObject({
      state: 'failed',
      output: null,
      failures: 2,
    });
  });

  it('the time of an attempt is that of the task, else of its agent, else of the manager', async () => {
    const world = await suite.world();
    const [own, inherited] = [held('own', { timeout: 4 }), held('inherited')];
    const manager = await world.manager({ agents: [own.agent, inherited.agent], timeout: 6 });
    await manager.startJob({
      id: 'j',
      tasks: [
        { key: 'a', agent: own.agent, timeout: 2, maxRetries: 0 },
        { key: 'b', agent: own.agent, maxRetries: 0 },
        { key: 'c', agent: inherited.agent, maxRetries: 0 },
      ],
    });
    const ended: number[] = [];
    for (let i = 0; i < 3; i++) {
      await world.pass(2_000);
      ended.push((await manager.tasks({ state: 'failed' })).length);
    }
    expect(ended).toEqual([1, 2, 3]);
  });

  it('a budget of failures does not shrink by waiting for others', async () => {
    const world = await suite.world();
    const failures = new Set([1, 3]);
    const mixed = defineTaskAgent({
      name: 'mixed',
      async execute(ctx) {
        if (failures.has(ctx.run)) throw new Error(`run ${ctx.run}`);
        await ctx.require({ agent: ok, key: 'one' });
        return { attempt: ctx.attempt, run: ctx.run };
      },
    });
    const manager = await world.manager({ agents: [mixed, ok] });
    const job = await manager.startJob({ tasks: [{ key: 't', agent: mixed, maxRetries: 2 }] });
    expect(await world.until(job.done)).toMatchObject({ outputs: { t: { attempt: 3, run: 4 } } });
  });
};
