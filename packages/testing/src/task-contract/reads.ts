import { defineTaskAgent } from '@dagger/tasks';
import { expect, it } from 'vitest';
import { broken, echo, held, ok } from './agents.ts';
import type { Suite } from './world.ts';

export const reads = (suite: Suite): void => {
  it('tasks by job, state, type, parent and agent, in the order in which they were added', async () => {
    const world = await suite.world();
    const parent = defineTaskAgent({
      name: 'parent',
      execute: (ctx) => ctx.spawn({ agent: 'elsewhere', key: 'child' }).then(() => {}),
    });
    const manager = await world.manager({ agents: [ok, parent], remoteAgents: ['elsewhere'] });
    const job = await manager.startJob({
      id: 'j',
      objective: { agent: ok },
      tasks: [
        { key: 'p', agent: parent },
        { key: 'e', agent: 'elsewhere' },
      ],
    });
    await manager.addStory('j', { key: 's', agent: 'elsewhere' });
    await manager.addObjective('j', { key: 'o', agent: 'elsewhere' });
    await manager.startJob({ id: 'k', tasks: [{ key: 'e', agent: 'elsewhere' }] });
    await world.quiet();
    const ids = async (filter: Parameters<typeof manager.tasks>[0]): Promise<readonly string[]> =>
      (await manager.tasks(filter)).map(({ id }) => id);
    expect((await ids({})).toSorted()).toEqual(
      ['j/e', 'j/o', 'j/objective', 'j/p', 'j/p/child', 'j/s', 'k/e'].toSorted(),
    );
    expect(await ids({ jobId: 'k' })).toEqual(['k/e']);
    expect(await ids({ type: 'objective' })).toEqual(['j/objective', 'j/o']);
    expect(await ids({ type: 'subtask' })).toEqual(['j/p/child']);
    expect(await ids({ parent: 'j/p' })).toEqual(['j/p/child']);
    expect((await ids({ parent: null, jobId: 'j' })).slice(0, 3)).toEqual([
      'j/objective',
      'j/p',
      'j/e',
    ]);
    expect(await ids({ state: 'completed', jobId: 'j' })).toEqual(['j/objective', 'j/p']);
    expect(await ids({ state: ['completed', 'ready'], agent: 'ok' })).toEqual(['j/objective']);
    expect(await ids({ state: [] })).toEqual([]);
    expect(await ids({ jobId: 'j', limit: 2, offset: 1 })).toEqual(['j/p', 'j/e']);
    expect(await ids({ jobId: 'nobody' })).toEqual([]);
    expect(await ids({ jobId: 'j', first: 'newest', limit: 1 })).toHaveLength(1);
    expect((await job.tasks({ type: 'story' })).map(({ id }) => id)).toEqual(['j/s']);
  });

  it('everything that is to be known of a task', async () => {
    const world = await suite.world();
    const manager = await world.manager({ agents: [echo] });
    const job = await manager.startJob({
      id: 'j',
      tasks: [
        {
          key: 't',
          agent: echo,
          title: 'a title',
          type: 'story',
          input: { n: 1 },
          priority: 4,
          delay: 2,
          acceptanceCriteria: ['short'],
        },
      ],
    });
    await world.until(job.done);
    const at = (ms: number): string => new Date(world.clock.start + ms).toISOString();
    const view = await manager.getTask('j/t');
    expect(view).toEqual({
      id: 'j/t',
      key: 't',
      jobId: 'j',
      parentId: null,
      agent: 'echo',
      type: 'story',
      state: 'completed',
      title: 'a title',
      input: { n: 1 },
      output: { n: 1 },
      error: null,
      reason: null,
      priority: 4,
      effectivePriority: 4,
      waitsFor: 0,
      failures: 0,
      crashes: 0,
      rejections: 0,
      runs: 1,
      worker: null,
      acceptanceCriteria: ['short'],
      review: null,
      progress: null,
      createdAt: at(0),
      startedAt: at(2_000),
      finishedAt: at(2_000),
      runAt: at(2_000),
    });
    expect(JSON.parse(JSON.stringify(view))).toEqual(view);
  });

  it('jobs by status, the most recent first', async () => {
    const world = await suite.world();
    const manager = await world.manager({ agents: [ok, broken], remoteAgents: ['elsewhere'] });
    for (const [id, agent] of [
      ['good', 'ok'],
      ['bad', 'broken'],
      ['off', 'elsewhere'],
      ['held', 'elsewhere'],
      ['on', 'elsewhere'],
    ] as const) {
      await manager.startJob({ id, tasks: [{ agent }] });
      await world.pass(10);
    }
    await manager.cancelJob('off');
    await manager.pauseJob('held');
    expect((await manager.jobs()).map(({ id }) => id)).toEqual([
      'on',
      'held',
      'off',
      'bad',
      'good',
    ]);
    expect((await manager.jobs({ limit: 2 })).map(({ id }) => id)).toEqual(['on', 'held']);
    const byStatus = {
      succeeded: 'good',
      failed: 'bad',
      cancelled: 'off',
      paused: 'held',
      running: 'on',
    } as const;
    for (const [status, id] of Object.entries(byStatus))
      expect((await manager.jobs({ status: status as 'running' })).map((job) => job.id)).toEqual([
        id,
      ]);
    expect(await manager.job('on')).toMatchObject({
      progress: 0,
      createdAt: new Date(world.clock.start + 40).toISOString(),
      finishedAt: null,
    });
  });

  it('the history of a job, which tells everything once and in order, to whoever watches as well', async () => {
    const world = await suite.world();
    let n = 0;
    const flaky = defineTaskAgent({
      name: 'flaky',
      async execute(ctx) {
        if (n++ === 0) throw new Error('once');
        await ctx.require({ agent: echo, key: 'child' });
      },
    });
    const manager = await world.manager({ agents: [flaky, echo, broken] });
    const job = await manager.startJob({
      id: 'j',
      tasks: [
        { key: 'f', agent: flaky },
        { key: 'b', agent: broken },
        { key: 's', agent: echo, needs: [{ task: 'b', onFailure: 'skip' }] },
      ],
    });
    const watched: string[] = [];
    const watching = (async () => {
      for await (const event of job.events)
        if (event.type !== 'TaskStarted') watched.push(JSON.stringify(event));
    })();
    await world.until(job.done);
    await world.until(watching);
    const history = await manager.history('j');
    const told = history.map((event) =>
      'taskId' in event ? `${event.type} ${event.taskId}` : event.type,
    );
    expect(told.toSorted()).toEqual(
      [
        'TaskRetrying j/f',
        'TaskFailed j/b',
        'TaskSkipped j/s',
        'TaskAdded j/f/child',
        'TaskBlocked j/f',
        'TaskCompleted j/f/child',
        'TaskCompleted j/f',
        'JobFinished',
      ].toSorted(),
    );
    expect(told.at(-1)).toBe('JobFinished');
    expect(watched).toEqual(history.map((event) => JSON.stringify(event)));
    expect(history.at(-1)).toMatchObject({
      jobId: 'j',
      status: 'failed',
      at: expect.any(String) as unknown,
    });
  });

  it('a manager that only watches hears of everything that others do', async () => {
    const world = await suite.world();
    const slow = held();
    const worker = await world.manager({ agents: [slow.agent, ok] });
    const watcher = await world.manager({
      storage: await world.beside(),
      remoteAgents: ['held', 'ok'],
      work: false,
    });
    const job = await watcher.startJob({
      id: 'j',
      tasks: [
        { key: 'a', agent: 'held' },
        { key: 'b', agent: 'ok', needs: ['a'] },
      ],
    });
    const watched: unknown[] = [];
    const watching = (async () => {
      for await (const event of job.events) watched.push(event);
    })();
    await world.until(slow.begun);
    slow.release();
    await world.until(watching);
    expect(watched).toEqual(await worker.history('j'));
    const late = await watcher.openJob('j');
    expect(late.isNew).toBe(false);
    expect(await world.until(late.done)).toMatchObject({
      success: true,
      outputs: { a: { n: 1 }, b: {} },
    });
  });

  it('what tasks needed and what became of that', async () => {
    const world = await suite.world();
    const manager = await world.manager({ agents: [echo, broken, ok] });
    const job = await manager.startJob({
      id: 'j',
      tasks: [
        { key: 'a', agent: echo, input: { n: 1 } },
        { key: 'b', agent: broken },
        { key: 'c', agent: ok, needs: ['a', { task: 'b', onFailure: 'continue' }] },
      ],
    });
    await world.until(job.done);
    expect(await manager.dependencies('j/c')).toMatchObject([
      { taskId: 'j/a', key: 'a', agent: 'echo', state: 'completed', output: { n: 1 }, error: null },
      { taskId: 'j/b', key: 'b', state: 'failed', output: null, error: { code: 'BROKEN' } },
    ]);
    expect(await manager.edges('j')).toEqual([
      { needs: 'j/a', taskId: 'j/c', onFailure: 'fail' },
      { needs: 'j/b', taskId: 'j/c', onFailure: 'continue' },
    ]);
    expect(await manager.dependencies('j/a')).toEqual([]);
  });

  it('what is ready, in the order in which it would be taken', async () => {
    const world = await suite.world();
    const person = await world.manager({ remoteAgents: ['elsewhere'] });
    await person.startJob({
      id: 'j',
      tasks: [
        { key: 'a', agent: 'elsewhere' },
        { key: 'b', agent: 'elsewhere', priority: 1 },
        { key: 'c', agent: 'elsewhere', needs: ['a'], priority: 2 },
        { key: 'd', agent: 'elsewhere', delay: 1, priority: 9 },
      ],
    });
    expect((await person.readyTasks('j')).map(({ key }) => key)).toEqual(['a', 'b']);
    expect((await person.readyTasks('j', 1)).map(({ key }) => key)).toEqual(['a']);
  });
};
