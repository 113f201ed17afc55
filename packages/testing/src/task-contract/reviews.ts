import type { JsonObject } from '@dagger/core';
import { defineTaskAgent, type TaskAgent } from '@dagger/tasks';
import { expect, it } from 'vitest';
import { ok } from './agents.ts';
import type { Suite } from './world.ts';

/** Writes what the reviewer said of its last output. */
const writer: TaskAgent = defineTaskAgent({
  name: 'writer',
  execute: ({ feedback, attempt, run, acceptanceCriteria }) => ({
    feedback,
    attempt,
    run,
    criteria: [...acceptanceCriteria],
  }),
});

export const reviews = (suite: Suite): void => {
  it('an output counts when a person accepts it, and not before', async () => {
    const world = await suite.world();
    const manager = await world.manager({ agents: [writer, ok] });
    const job = await manager.startJob({
      id: 'j',
      tasks: [
        { key: 't', agent: writer, review: 'person', acceptanceCriteria: ['short', 'true'] },
        { key: 'after', agent: ok, needs: ['t'] },
      ],
    });
    await world.pass(5_000);
    expect(await manager.getTask('j/t')).toMatchObject({
      state: 'in_review',
      output: { criteria: ['short', 'true'] },
      acceptanceCriteria: ['short', 'true'],
      review: 'person',
    });
    expect(await manager.getTask('j/after')).toMatchObject({ state: 'pending' });
    expect((await manager.result('j')).outputs).toEqual({});
    expect(await manager.job('j')).toMatchObject({ status: 'running', stalls: 0 });
    await manager.accept('j/t', 'ada');
    expect(await world.until(job.done)).toMatchObject({
      success: true,
      outputs: { t: { run: 1 } },
    });
    expect(await manager.history('j')).toContainEqual(
      expect.objectContaining({ type: 'TaskAccepted', taskId: 'j/t', by: 'ada' }),
    );
  });

  it('a rejection sends the task back with the reason, and that is no failed attempt', async () => {
    const world = await suite.world();
    const manager = await world.manager({ agents: [writer] });
    const job = await manager.startJob({
      id: 'j',
      tasks: [{ key: 't', agent: writer, review: 'person', maxRetries: 0 }],
    });
    for (const reason of ['too long', 'too short']) {
      await world.quiet();
      await manager.reject('j/t', reason, { by: 'ada' });
      await world.quiet();
      expect(await manager.getTask('j/t')).toMatchObject({
        state: 'in_review',
        output: { feedback: reason, attempt: 1 },
      });
    }
    await manager.accept('j/t');
    expect(await world.until(job.done)).toMatchObject({
      outputs: { t: { feedback: 'too short' } },
    });
    expect(await manager.getTask('j/t')).toMatchObject({
      rejections: 2,
      failures: 0,
      runs: 3,
      error: null,
    });
  });

  it('the reason is there as well when the attempt after it fails, waits or is held', async () => {
    const world = await suite.world();
    const seen: (string | null)[] = [];
    const careful = defineTaskAgent({
      name: 'careful',
      async execute(ctx) {
        seen.push(ctx.feedback);
        if (ctx.run === 2) throw new Error('a slip');
        if (ctx.run === 3) await ctx.require({ agent: ok });
      },
    });
    const manager = await world.manager({ agents: [careful, ok] });
    await manager.startJob({ id: 'j', tasks: [{ key: 't', agent: careful, review: 'person' }] });
    await world.quiet();
    await manager.reject('j/t', 'be careful');
    await world.pass(10_000);
    expect(await manager.getTask('j/t')).toMatchObject({ state: 'in_review' });
    expect(seen).toEqual([null, 'be careful', 'be careful', 'be careful']);
  });

  it('the last rejection is final, and then it is a failure for whatever needs it', async () => {
    const world = await suite.world();
    const manager = await world.manager({ agents: [writer, ok] });
    const job = await manager.startJob({
      id: 'j',
      tasks: [
        { key: 't', agent: writer, review: 'person', maxRejections: 1 },
        { key: 'after', agent: ok, needs: ['t'] },
      ],
    });
    await world.quiet();
    await manager.reject('j/t', 'once');
    await world.quiet();
    await manager.reject('j/t', 'twice');
    expect(await world.until(job.done)).toMatchObject({
      success: false,
      error: { code: 'TASK_REJECTED', message: 'twice' },
      outputs: {},
    });
    expect((await job.tasks()).map(({ state }) => state)).toEqual(['rejected', 'failed']);
    const rejections = (await manager.history('j')).filter(({ type }) => type === 'TaskRejected');
    expect(rejections).toMatchObject([{ again: true }, { again: false }]);
  });

  it('an agent reviews: it sees the task, its output and the criteria, and decides', async () => {
    const world = await suite.world();
    const seen: JsonObject[] = [];
    const critic: TaskAgent = defineTaskAgent({
      name: 'critic',
      execute({ input }) {
        seen.push(input);
        return seen.length === 1 ? { accept: false, reason: 'once more' } : { accept: true };
      },
    });
    const manager = await world.manager({ agents: [writer, critic] });
    const job = await manager.startJob({
      id: 'j',
      tasks: [
        {
          key: 't',
          agent: writer,
          input: { about: 'ants' },
          review: { agent: 'critic' },
          acceptanceCriteria: ['short'],
        },
      ],
    });
    expect(await world.until(job.done)).toMatchObject({
      success: true,
      outputs: { t: { feedback: 'once more', run: 2 } },
    });
    expect(seen[0]).toEqual({
      taskId: 'j/t',
      agent: 'writer',
      input: { about: 'ants' },
      output: { feedback: null, attempt: 1, run: 1, criteria: ['short'] },
      acceptanceCriteria: ['short'],
    });
    expect((await manager.tasks({ parent: 'j/t' })).map(({ state }) => state)).toEqual([
      'completed',
      'completed',
    ]);
  });

  it('a reviewing agent that gives no verdict fails, and then a person can still decide', async () => {
    const world = await suite.world();
    const critic: TaskAgent = defineTaskAgent({
      name: 'critic',
      execute: () => ({ maybe: true }),
    });
    const manager = await world.manager({ agents: [writer, critic] });
    const job = await manager.startJob({
      id: 'j',
      stall: { action: { type: 'Wait' } },
      tasks: [{ key: 't', agent: writer, review: { agent: 'critic' } }],
    });
    await world.pass(8_000);
    expect(await manager.tasks({ parent: 'j/t' })).toMatchObject([
      { state: 'failed', error: { code: 'OUTPUT_INVALID' } },
    ]);
    expect(await manager.getTask('j/t')).toMatchObject({ state: 'in_review' });
    expect((await manager.job('j')).stalls).toBe(1);
    await manager.accept('j/t');
    await world.until(job.done);
    expect(await manager.getTask('j/t')).toMatchObject({ state: 'accepted' });
  });

  it('whoever decides first has decided', async () => {
    const world = await suite.world();
    const manager = await world.manager({ agents: [writer] });
    const job = await manager.startJob({
      id: 'j',
      tasks: [{ key: 't', agent: writer, review: 'person' }],
    });
    await world.quiet();
    const decisions = await Promise.allSettled([
      manager.accept('j/t'),
      manager.reject('j/t', 'no', { final: true }),
      manager.accept('j/t'),
    ]);
    const won = decisions.findIndex(({ status }) => status === 'fulfilled');
    expect(decisions.filter(({ status }) => status === 'rejected')).toMatchObject([
      { reason: { code: 'TASK_STATE' } },
      { reason: { code: 'TASK_STATE' } },
    ]);
    expect(await world.until(job.done)).toMatchObject({ success: won !== 1 });
  });

  it('a review that a limit of the job forbids fails the task, and does not run it for ever', async () => {
    const world = await suite.world();
    let runs = 0;
    const agent = defineTaskAgent({ name: 'agent', execute: () => void runs++ });
    const critic = defineTaskAgent({ name: 'critic', execute: () => ({ accept: true }) });
    const manager = await world.manager({ agents: [agent, critic] });
    const job = await manager.startJob({
      id: 'j',
      limits: { maxTasks: 1 },
      tasks: [{ key: 't', agent, review: { agent: 'critic' } }],
    });
    expect(await world.until(job.done)).toMatchObject({ error: { code: 'LIMIT_REACHED' } });
    expect(runs).toBe(1);
  });
};
