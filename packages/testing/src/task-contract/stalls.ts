import { defineTaskAgent, type StallReport, type TaskAgent } from '@dagger/tasks';
import { expect, it } from 'vitest';
import { contextOf, held, ok } from './agents.ts';
import { saying } from './saying.ts';
import type { Suite } from './world.ts';

/** Cannot go on by itself. */
const stuck: TaskAgent = { name: 'stuck', execute: (ctx) => ctx.block('the key is missing') };

/** Notes the reports that it gets, and does with each what it is told. */
const planner = (
  reports: StallReport[],
  plan: (ctx: Parameters<TaskAgent['execute']>[0], report: StallReport) => unknown = () =>
    undefined,
): TaskAgent => ({
  name: 'planner',
  async execute(ctx) {
    const report = ctx.input as unknown as StallReport;
    reports.push(report);
    await plan(ctx, report);
  },
});

export const stalls = (suite: Suite): void => {
  it('a job in which nothing can move fails at once, saying what holds it up', async () => {
    const world = await suite.world();
    const manager = await world.manager({ agents: [stuck, ok] });
    const job = await manager.startJob({
      id: 'j',
      tasks: [
        { key: 'a', agent: ok },
        { key: 's', agent: stuck, needs: ['a'] },
        { key: 'after', agent: ok, needs: ['s'] },
      ],
    });
    await world.quiet();
    expect(world.clock.elapsed).toBe(0);
    expect(await job.done).toMatchObject({
      status: 'failed',
      error: { code: 'JOB_STUCK', message: saying("'j/s': the key is missing") },
      outputs: { a: {} },
      counts: { unfinished: 0 },
    });
    expect((await job.tasks()).map(({ state }) => state)).toEqual([
      'completed',
      'cancelled',
      'cancelled',
    ]);
    expect(await manager.history('j')).toContainEqual(
      expect.objectContaining({
        type: 'JobStalled',
        stall: 1,
        reason: 'nothing_can_move',
        action: 'TerminateJob',
      }),
    );
  });

  it('a job in which something still moves has not stalled', async () => {
    const world = await suite.world();
    const slow = held();
    const manager = await world.manager({ agents: [stuck, slow.agent, ok] });
    const job = await manager.startJob({
      id: 'j',
      tasks: [
        { key: 's', agent: stuck },
        { key: 'slow', agent: slow.agent },
        { key: 'later', agent: ok, delay: 5 },
      ],
    });
    await world.pass(3_000);
    slow.release();
    await world.pass(1_000);
    expect(await job.view()).toMatchObject({ status: 'running', stalls: 0 });
    expect(await world.until(job.done)).toMatchObject({ error: { code: 'JOB_STUCK' } });
    expect(world.clock.elapsed).toBe(5_000);
  });

  it('a job that waits for people has not stalled, and does when they leave it as it is', async () => {
    const world = await suite.world();
    const manager = await world.manager({ agents: [ok, stuck] });
    const job = await manager.startJob({
      id: 'j',
      tasks: [
        { key: 'r', agent: ok, review: 'person' },
        { key: 's', agent: stuck },
      ],
    });
    await world.pass(3_000);
    expect(await job.view()).toMatchObject({ status: 'running', stalls: 0 });
    expect(await manager.history('j')).toContainEqual(
      expect.objectContaining({ type: 'JobWaiting', tasks: ['j/r'] }),
    );
    await manager.accept('j/r');
    expect(await world.until(job.done)).toMatchObject({ error: { code: 'JOB_STUCK' } });
  });

  it('a planning agent is told of a stall once, and what it adds goes on', async () => {
    const world = await suite.world();
    const reports: StallReport[] = [];
    const plans = planner(reports, async (ctx, { tasks }) => {
      for (const { taskId } of tasks) if (taskId === 'j/s') await ctx.cancel(taskId, 'another way');
      await ctx.spawn({ agent: ok, key: 'plan B', parent: null });
    });
    const manager = await world.manager({ agents: [stuck, ok, plans] });
    const job = await manager.startJob({
      id: 'j',
      stall: { action: { type: 'NotifyPlanningAgent', agent: 'planner' } },
      tasks: [
        { key: 's', agent: stuck, title: 'open the door' },
        { key: 'after', agent: ok, needs: [{ task: 's', onFailure: 'continue' }] },
      ],
    });
    expect(await world.until(job.done)).toMatchObject({
      success: true,
      outputs: { after: {}, 'plan B': {}, 'plan-1': {} },
    });
    expect(reports).toEqual([
      {
        jobId: 'j',
        stall: 1,
        reason: 'nothing_can_move',
        unfinished: 2,
        tasks: [
          {
            taskId: 'j/s',
            agent: 'stuck',
            state: 'blocked',
            title: 'open the door',
            why: 'the key is missing',
          },
          {
            taskId: 'j/after',
            agent: 'ok',
            state: 'pending',
            title: null,
            why: saying('waits for 1'),
          },
        ],
      },
    ]);
  });

  it('a planning agent may have the task done again that holds everything up', async () => {
    const world = await suite.world();
    const picky: TaskAgent = defineTaskAgent({
      name: 'picky',
      async execute(ctx) {
        if (ctx.input['key'] === undefined) await ctx.block('the key is missing');
        return { opened: true };
      },
    });
    const plans = planner([], (ctx) => ctx.reopen('j/p', { input: { key: 'found' } }));
    const manager = await world.manager({
      agents: [picky, plans],
      stall: { action: { type: 'NotifyPlanningAgent', agent: 'planner' } },
    });
    const job = await manager.startJob({ id: 'j', tasks: [{ key: 'p', agent: picky }] });
    expect(await world.until(job.done)).toMatchObject({
      success: true,
      outputs: { p: { opened: true } },
    });
  });

  it('a planning agent that does nothing is asked as often as it may be, and then the job fails', async () => {
    const world = await suite.world();
    const reports: StallReport[] = [];
    const manager = await world.manager({ agents: [stuck, planner(reports)] });
    for (const [max, expected] of [
      [2, 2],
      [undefined, 3],
    ] as const) {
      reports.length = 0;
      const job = await manager.startJob({
        stall: {
          action: {
            type: 'NotifyPlanningAgent',
            agent: 'planner',
            ...(max === undefined ? {} : { max }),
          },
        },
        tasks: [{ agent: stuck }],
      });
      expect(await world.until(job.done)).toMatchObject({ error: { code: 'JOB_STUCK' } });
      expect(reports.map(({ stall }) => stall)).toEqual(
        Array.from({ length: expected }, (_, i) => i + 1),
      );
      expect((await job.view()).stalls).toBe(expected + 1);
    }
  });

  it('a planning agent is asked whatever the job limits or allows, and names are free', async () => {
    const world = await suite.world();
    const reports: StallReport[] = [];
    const manager = await world.manager({ agents: [stuck, ok, planner(reports)] });
    const job = await manager.startJob({
      stall: { action: { type: 'NotifyPlanningAgent', agent: 'planner' } },
      allowedAgents: [stuck, ok],
      limits: { maxTasks: 2 },
      tasks: [
        { key: 'plan-1', agent: ok },
        { key: 's', agent: stuck },
      ],
    });
    expect(await world.until(job.done)).toMatchObject({ error: { code: 'JOB_STUCK' } });
    expect(reports).toHaveLength(3);
  });

  it('a planning agent that fails is no end of the job before its budget is', async () => {
    const world = await suite.world();
    let asked = 0;
    const failing: TaskAgent = {
      name: 'planner',
      retry: { attempts: 1 },
      execute: () => {
        asked++;
        throw new Error('no idea');
      },
    };
    const manager = await world.manager({ agents: [stuck, failing] });
    const job = await manager.startJob({
      stall: { action: { type: 'NotifyPlanningAgent', agent: 'planner', max: 2 } },
      tasks: [{ agent: stuck }],
    });
    expect(await world.until(job.done)).toMatchObject({ error: { code: 'JOB_STUCK' } });
    expect(asked).toBe(2);
  });

  it('a job that is to wait is left as it is, and goes on when somebody decides', async () => {
    const world = await suite.world();
    const manager = await world.manager({ agents: [stuck, ok] });
    const job = await manager.startJob({
      id: 'j',
      stall: { action: { type: 'Wait' } },
      tasks: [
        { key: 's', agent: stuck },
        { key: 'after', agent: ok, needs: [{ task: 's', onFailure: 'continue' }] },
      ],
    });
    await world.pass(5_000);
    expect(await job.view()).toMatchObject({ status: 'running', stalls: 1 });
    await manager.cancelTask('j/s');
    expect(await world.until(job.done)).toMatchObject({ outputs: { after: {} } });
  });

  it('the program decides: it is called once for each stall, after it is stored', async () => {
    const world = await suite.world();
    const reports: StallReport[] = [];
    const states: unknown[] = [];
    const manager = await world.manager({
      agents: [stuck, ok],
      stall: {
        action: {
          type: 'Custom',
          async handle(report) {
            reports.push(report);
            states.push((await manager.getTask('j/s'))?.state);
            if (report.stall === 1) await manager.addTask('j', { key: 'more', agent: ok });
            else await manager.cancelJob('j');
          },
        },
      },
    });
    const job = await manager.startJob({ id: 'j', tasks: [{ key: 's', agent: stuck }] });
    expect(await world.until(job.done)).toMatchObject({
      status: 'cancelled',
      outputs: { more: {} },
    });
    expect(reports).toMatchObject([
      {
        jobId: 'j',
        stall: 1,
        reason: 'nothing_can_move',
        unfinished: 1,
        tasks: [{ taskId: 'j/s' }],
      },
      { stall: 2 },
    ]);
    expect(states).toEqual(['blocked', 'blocked']);
  });

  it('a job without a sign of progress has stalled after its time, and one that gives signs has not', async () => {
    const world = await suite.world();
    const [silent, lively] = [held('silent'), held('lively')];
    const manager = await world.manager({ agents: [silent.agent, lively.agent] });
    const stall = { afterSeconds: 10 };
    const quiet = await manager.startJob({ stall, tasks: [{ agent: silent.agent }] });
    const alive = await manager.startJob({ stall, tasks: [{ agent: lively.agent }] });
    await world.quiet();
    for (let i = 0; i < 5; i++) {
      if (i === 2) contextOf(lively).progress(0.5, 'half');
      else contextOf(lively).heartbeat();
      await world.pass(4_000);
    }
    expect(await quiet.view()).toMatchObject({
      status: 'failed',
      error: { code: 'JOB_STUCK', message: saying('nothing in it has moved for too long') },
    });
    expect(contextOf(silent).signal.aborted).toBe(true);
    expect(await alive.view()).toMatchObject({ status: 'running', stalls: 0 });
    expect((await alive.tasks())[0]).toMatchObject({
      progress: { fraction: 0.5, message: 'half' },
    });
    lively.release();
    expect(await world.until(alive.done)).toMatchObject({ success: true });
  });

  it('a planning agent that is told of a job without progress is not told again while it works', async () => {
    const world = await suite.world();
    const silent = held('silent');
    const plans = held('planner');
    const manager = await world.manager({ agents: [silent.agent, plans.agent] });
    const job = await manager.startJob({
      stall: { afterSeconds: 3, action: { type: 'NotifyPlanningAgent', agent: 'planner', max: 2 } },
      tasks: [{ agent: silent.agent }],
    });
    await world.pass(15_000);
    expect(plans.contexts).toHaveLength(1);
    expect(contextOf(plans).input).toMatchObject({ stall: 1, reason: 'no_progress' });
    plans.release();
    silent.release();
    expect(await world.until(job.done)).toMatchObject({ success: true });
  });

  it('a job that nobody works at stalls by its time as well', async () => {
    const world = await suite.world();
    const manager = await world.manager({ agents: [ok], remoteAgents: ['elsewhere'] });
    const job = await manager.startJob({
      stall: { afterSeconds: 5 },
      tasks: [{ agent: 'elsewhere' }],
    });
    expect(await world.until(job.done)).toMatchObject({ error: { code: 'JOB_STUCK' } });
    expect(world.clock.elapsed).toBeGreaterThan(5_000);
  });
};
