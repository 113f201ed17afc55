import type { JsonObject } from '@dagger/core';
import { defineTaskAgent, type TaskContext } from '@dagger/tasks';
import { expect, it } from 'vitest';
import { broken, echo, held, ok } from './agents.ts';
import { saying } from './saying.ts';
import type { Suite } from './world.ts';

export const dynamic = (suite: Suite): void => {
  it('tasks that are spawned stand below the one that spawns them, and run', async () => {
    const world = await suite.world();
    const spawned: unknown[] = [];
    const parent = defineTaskAgent({
      name: 'parent',
      async execute(ctx) {
        spawned.push(await ctx.spawn({ agent: echo, key: 'a', input: { n: 1 } }));
        spawned.push(
          await ctx.spawn({ agent: echo, key: 'b', parent: null, needs: [`${ctx.taskId}/a`] }),
        );
        spawned.push(
          await ctx.spawn({ agent: echo, key: 'c', parent: `${ctx.taskId}/a`, type: 'story' }),
        );
      },
    });
    const manager = await world.manager({ agents: [parent, echo] });
    const job = await manager.startJob({
      id: 'j',
      tasks: [{ key: 'p', agent: parent, priority: 3 }],
    });
    expect(await world.until(job.done)).toMatchObject({ success: true, counts: { total: 4 } });
    expect(spawned).toEqual(['j/p/a', 'j/b', 'j/p/a/c'].map((taskId) => ({ taskId, isNew: true })));
    expect(await job.tasks()).toMatchObject([
      { id: 'j/p', type: 'task', parentId: null },
      { id: 'j/p/a', type: 'subtask', parentId: 'j/p', priority: 3, output: { n: 1 } },
      { id: 'j/b', type: 'task', parentId: null },
      { id: 'j/p/a/c', type: 'story', parentId: 'j/p/a' },
    ]);
  });

  it('a task requires another: it gives its slot back, is run again with the output, and that is no attempt', async () => {
    const world = await suite.world();
    const seen: Pick<TaskContext, 'attempt' | 'run'>[] = [];
    const parent = defineTaskAgent({
      name: 'parent',
      async execute(ctx) {
        seen.push({ attempt: ctx.attempt, run: ctx.run });
        const { n } = await ctx.require({ agent: echo, input: { n: 1 } });
        const { m } = await ctx.require({ agent: echo, input: { m: 2 } });
        return { sum: Number(n) + Number(m) };
      },
    });
    const manager = await world.manager({ agents: [parent, echo], concurrency: 1 });
    const job = await manager.startJob({ id: 'j', tasks: [{ key: 'p', agent: parent }] });
    const result = await world.until(job.done);
    expect(result).toMatchObject({ outputs: { p: { sum: 3 } }, counts: { total: 3 } });
    expect(seen).toEqual([1, 2, 3].map((run) => ({ attempt: 1, run })));
    expect(await manager.getTask('j/p')).toMatchObject({ failures: 0, crashes: 0, runs: 3 });
  });

  it('what is required in one turn is one step, however it is written', async () => {
    const world = await suite.world();
    let runs = 0;
    const part = async (ctx: TaskContext, n: number): Promise<unknown> =>
      (await ctx.require({ agent: echo, input: { n } })).n;
    const parent = defineTaskAgent({
      name: 'parent',
      async execute(ctx) {
        runs++;
        const [one, [two, three], four] = await Promise.all([
          part(ctx, 1),
          ctx.require([
            { agent: echo, key: 'two', input: { n: 2 } },
            { agent: echo, key: 'three', input: { n: 3 } },
          ]),
          part(ctx, 4),
        ]);
        return { got: [one, two.n, three.n, four] as number[] };
      },
    });
    const manager = await world.manager({ agents: [parent, echo] });
    const job = await manager.startJob({ tasks: [{ key: 'p', agent: parent }] });
    expect(await world.until(job.done)).toMatchObject({ outputs: { p: { got: [1, 2, 3, 4] } } });
    expect(runs).toBe(2);
    expect(
      (await manager.history(job.id)).filter(({ type }) => type === 'TaskBlocked'),
    ).toMatchObject([{ needs: { length: 4 } }]);
  });

  it('a run that is repeated creates nothing twice, wherever the one before it ended', async () => {
    const world = await suite.world();
    const isNew: boolean[] = [];
    const parent = defineTaskAgent({
      name: 'parent',
      async execute(ctx) {
        isNew.push((await ctx.spawn({ agent: echo, input: { same: 'always' } })).isNew);
        isNew.push((await ctx.spawn({ agent: echo, key: 'named' })).isNew);
        if (ctx.attempt < 3) throw new Error('not yet');
        await ctx.require({ agent: echo, input: { same: 'too' } });
      },
    });
    const manager = await world.manager({ agents: [parent, echo] });
    const job = await manager.startJob({ tasks: [{ key: 'p', agent: parent }] });
    expect(await world.until(job.done)).toMatchObject({ success: true, counts: { total: 4 } });
    expect(isNew).toEqual([true, true, ...Array.from({ length: 6 }, () => false)]);
  });

  it('a task of the same agent may be required although it runs once at a time', async () => {
    const world = await suite.world();
    const down = defineTaskAgent({
      name: 'down',
      concurrency: 1,
      async execute(ctx) {
        const n = Number(ctx.input['n']);
        if (n === 0) return { depth: 0 };
        const { depth } = (await ctx.require({ agent: 'down', input: { n: n - 1 } })) as JsonObject;
        return { depth: Number(depth) + 1 };
      },
    });
    const manager = await world.manager({ agents: [down], concurrency: 1 });
    const job = await manager.startJob({ tasks: [{ key: 'p', agent: 'down', input: { n: 5 } }] });
    expect(await world.until(job.done)).toMatchObject({
      outputs: { p: { depth: 5 } },
      counts: { total: 6 },
    });
  });

  it('the failure of a required task reaches the one that requires it', async () => {
    const world = await suite.world();
    const parent = defineTaskAgent({
      name: 'parent',
      execute: (ctx) => ctx.require({ agent: broken, key: 'child' }),
    });
    const manager = await world.manager({ agents: [parent, broken] });
    const job = await manager.startJob({ id: 'j', tasks: [{ key: 'p', agent: parent }] });
    expect(await world.until(job.done)).toMatchObject({ success: false, counts: { failed: 2 } });
    expect(await manager.getTask('j/p')).toMatchObject({
      state: 'failed',
      failures: 1,
      error: {
        code: 'DEPENDENCY_FAILED',
        message: saying("task 'j/p/child' is failed: it is broken"),
      },
    });
  });

  it('the failure of a required task may be caught, and then the job has succeeded', async () => {
    const world = await suite.world();
    const parent = defineTaskAgent({
      name: 'parent',
      async execute(ctx) {
        try {
          await ctx.require({ agent: broken });
        } catch (error) {
          if ((error as { readonly code?: string }).code !== 'DEPENDENCY_FAILED') throw error;
        }
        return ctx.require({ agent: echo, input: { plan: 'B' } });
      },
    });
    const manager = await world.manager({ agents: [parent, broken, echo] });
    const job = await manager.startJob({ tasks: [{ key: 'p', agent: parent }] });
    expect(await world.until(job.done)).toMatchObject({
      success: true,
      outputs: { p: { plan: 'B' } },
    });
  });

  it('settling tells what became of each, failures included', async () => {
    const world = await suite.world();
    const parent = defineTaskAgent({
      name: 'parent',
      async execute(ctx) {
        const outcomes = await ctx.settle([
          { agent: echo, key: 'good', input: { n: 1 } },
          { agent: broken, key: 'bad' },
        ]);
        return {
          outcomes: outcomes.map(({ key, state, output, error }) => [
            key,
            state,
            output,
            error?.code ?? null,
          ]),
        };
      },
    });
    const manager = await world.manager({ agents: [parent, broken, echo] });
    const job = await manager.startJob({ tasks: [{ key: 'p', agent: parent }] });
    expect(await world.until(job.done)).toMatchObject({
      success: true,
      outputs: {
        p: {
          outcomes: [
            ['good', 'completed', { n: 1 }, null],
            ['bad', 'failed', null, 'BROKEN'],
          ],
        },
      },
    });
  });

  it('a task makes itself need others and blocks until they have ended', async () => {
    const world = await suite.world();
    const other = held('other');
    const waiting = defineTaskAgent({
      name: 'waiting',
      async execute(ctx) {
        if (ctx.run === 1) {
          await ctx.addDependency('j/other');
          const { taskId } = await ctx.spawn({ agent: echo, key: 'own' });
          await ctx.addDependency(taskId, { onFailure: 'continue' });
          await ctx.block();
        }
        return { got: (await ctx.dependencies()).map(({ key, output }) => [key, output]) };
      },
    });
    const manager = await world.manager({ agents: [waiting, other.agent, echo] });
    const job = await manager.startJob({
      id: 'j',
      tasks: [
        { key: 'other', agent: other.agent },
        { key: 'w', agent: waiting },
      ],
    });
    await world.quiet();
    expect(await manager.getTask('j/w')).toMatchObject({ state: 'blocked', waitsFor: 1 });
    other.release();
    const { outputs } = await world.until(job.done);
    expect(outputs['w']).toEqual({
      got: [
        ['other', { n: 1 }],
        ['own', {}],
      ],
    });
  });

  it('a task that blocks for what has ended by then is run again at once, and only once', async () => {
    const world = await suite.world();
    const forgetful = defineTaskAgent({
      name: 'forgetful',
      async execute(ctx) {
        if (ctx.input['learns'] === true && (await ctx.dependencies()).length > 0)
          return { run: ctx.run };
        await ctx.addDependency('j/done');
        return ctx.block();
      },
    });
    const manager = await world.manager({ agents: [forgetful, ok] });
    const job = await manager.startJob({
      id: 'j',
      open: true,
      stall: { action: { type: 'Wait' } },
      tasks: [{ key: 'done', agent: ok }],
    });
    await world.quiet();
    await job.addAll([
      { key: 'learns', agent: forgetful, input: { learns: true } },
      { key: 'asks again', agent: forgetful },
    ]);
    await world.quiet();
    expect(await manager.getTask('j/learns')).toMatchObject({ output: { run: 2 } });
    expect(await manager.getTask('j/asks again')).toMatchObject({ state: 'blocked', runs: 2 });
    expect((await manager.why('j/asks again')).reason.kind).toBe('blocked_by_agent');
    await job.cancel();
  });

  it('a task that needs what fails while it is blocked ends as its dependency says', async () => {
    const world = await suite.world();
    const late = held('late');
    const failing = defineTaskAgent({
      name: 'failing',
      async execute() {
        await late.begun;
        throw new Error('in the end');
      },
    });
    const waiting = defineTaskAgent({
      name: 'waiting',
      async execute(ctx) {
        const onFailure = ctx.input['onFailure'] as 'fail' | 'skip' | 'continue';
        if (ctx.run === 1) {
          await ctx.addDependency('j/bad', { onFailure });
          await ctx.block();
        }
        return { went: 'on' };
      },
    });
    const manager = await world.manager({ agents: [waiting, failing, late.agent] });
    const job = await manager.startJob({
      id: 'j',
      tasks: [
        { key: 'bad', agent: failing, maxRetries: 0 },
        ...['fail', 'skip', 'continue'].map((onFailure) => ({
          key: onFailure,
          agent: waiting,
          input: { onFailure },
        })),
      ],
    });
    await world.quiet();
    await manager.addTask('j', { key: 'late', agent: late.agent });
    late.release();
    await world.until(job.done);
    const states = (await job.tasks({ agent: 'waiting' })).map(({ state }) => state);
    expect(states).toEqual(['failed', 'skipped', 'completed']);
  });

  it('an attempt that has ended by waiting does nothing more, even if the error is swallowed', async () => {
    const world = await suite.world();
    const after: unknown[] = [];
    const parent = defineTaskAgent({
      name: 'parent',
      async execute(ctx) {
        if (ctx.run > 1) return { run: ctx.run };
        const codeOf = (error: unknown): void =>
          void after.push((error as { readonly code?: unknown }).code);
        await ctx.require({ agent: echo, key: 'child' }).catch(codeOf);
        await ctx.spawn({ agent: echo, key: 'never' }).catch(codeOf);
        await ctx.block().catch(codeOf);
        after.push(ctx.signal.aborted);
        return { wrong: true };
      },
    });
    const manager = await world.manager({ agents: [parent, echo] });
    const job = await manager.startJob({ tasks: [{ key: 'p', agent: parent }] });
    expect(await world.until(job.done)).toMatchObject({
      outputs: { p: { run: 2 } },
      counts: { total: 2 },
    });
    expect(after[0]).toBe('TASK_PARKED');
    expect(after.slice(1)).toEqual(['TASK_LOST', 'TASK_LOST', true]);
  });

  it('equal keys mean the same task, and another agent under the same key is refused', async () => {
    const world = await suite.world();
    const manager = await world.manager({ agents: [echo, ok] });
    const job = await manager.startJob({ id: 'j', open: true });
    const first = await job.add({ key: 'a', agent: echo, input: { n: 1 } });
    const again = await job.add({ key: 'a', agent: echo, input: { n: 2 } });
    expect([first, again]).toEqual([
      { taskId: 'j/a', isNew: true },
      { taskId: 'j/a', isNew: false },
    ]);
    expect(await manager.getTask('j/a')).toMatchObject({ input: { n: 1 } });
    await expect(job.addAll([{ agent: ok }, { key: 'a', agent: ok }])).rejects.toMatchObject({
      code: 'TASK_CONFLICT',
      ids: { taskId: 'j/a' },
    });
    const two = await job.addAll([
      { agent: echo },
      { agent: echo },
      { agent: echo, input: { n: 1 } },
    ]);
    expect(new Set(two.map(({ taskId }) => taskId)).size).toBe(3);
    const once = await job.addAll([{ agent: echo }, { agent: echo }]);
    expect(once.map(({ isNew }) => isNew)).toEqual([false, false]);
    expect((await job.view()).counts.total).toBe(4);
  });

  it('one key twice in one call is one task where both say the same, and refused where not', async () => {
    const world = await suite.world();
    const manager = await world.manager({ agents: [echo, ok] });
    const same = { key: 'a', agent: echo, input: { n: 1 } };
    const job = await manager.startJob({ id: 'j', tasks: [same, { ...same }] });
    expect(await world.until(job.done)).toMatchObject({
      outputs: { a: { n: 1 } },
      counts: { total: 1 },
    });
    for (const other of [
      { ...same, input: { n: 2 } },
      { ...same, agent: ok },
    ])
      await expect(manager.startJob({ id: 'k', tasks: [same, other] })).rejects.toMatchObject({
        code: 'TASK_CONFLICT',
        ids: { taskId: 'k/a' },
      });
    expect(await manager.jobs()).toHaveLength(1);
  });
};
