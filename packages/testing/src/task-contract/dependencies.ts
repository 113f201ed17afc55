import { defineTaskAgent, type TaskManager, type TaskSpec, type TaskState } from '@dagger/tasks';
import { describe, expect, it } from 'vitest';
import { gate } from '../storage-contract/signals.ts';
import { broken, echo, held, ok } from './agents.ts';
import { everyPair } from './pairs.ts';
import { saying } from './saying.ts';
import type { Suite } from './world.ts';

const statesIn = async (
  manager: TaskManager,
  jobId: string,
): Promise<{ readonly [key: string]: TaskState }> =>
  Object.fromEntries((await manager.tasks({ jobId })).map(({ key, state }) => [key, state]));

export const dependencies = (suite: Suite): void => {
  it('are waited for, and their outputs are there', async () => {
    const world = await suite.world();
    const order: string[] = [];
    const joins = defineTaskAgent({
      name: 'joins',
      async execute(ctx) {
        order.push(ctx.taskId);
        const outcomes = await ctx.dependencies();
        return { got: outcomes.map(({ key, output }) => [key, output]) };
      },
    });
    const manager = await world.manager({ agents: [joins] });
    const job = await manager.startJob({
      id: 'j',
      tasks: [
        { key: 'd', agent: joins, needs: ['b', 'c'] },
        { key: 'b', agent: joins, needs: ['a'] },
        { key: 'c', agent: joins, needs: ['a'] },
        { key: 'a', agent: joins },
      ],
    });
    const { outputs } = await world.until(job.done);
    expect(order).toEqual(['j/a', 'j/b', 'j/c', 'j/d']);
    expect(outputs['d']).toEqual({
      got: [
        ['b', { got: [['a', { got: [] }]] }],
        ['c', { got: [['a', { got: [] }]] }],
      ],
    });
  });

  it('of many tasks on one release them all at once, and one task waits for many', async () => {
    const world = await suite.world();
    const manager = await world.manager({ agents: [ok] });
    const many = Array.from({ length: 120 }, (_, i) => `m${i}`);
    const job = await manager.startJob({
      tasks: [
        { key: 'root', agent: ok },
        ...many.map((key) => ({ key, agent: ok, needs: ['root'] })),
        { key: 'end', agent: ok, needs: many },
      ],
    });
    expect(await world.until(job.done)).toMatchObject({ success: true, counts: { total: 122 } });
  });

  const POLICIES: readonly (readonly [string, TaskSpec, { readonly [key: string]: TaskState }])[] =
    [
      [
        'fails what needs it, and so on',
        { key: 't', agent: broken },
        { f: 'failed', s: 'skipped', c: 'completed', ff: 'failed', sf: 'skipped', fc: 'completed' },
      ],
      [
        'that was cancelled cancels what needs it, and so on',
        { key: 't', agent: 'elsewhere' },
        {
          f: 'cancelled',
          s: 'skipped',
          c: 'completed',
          ff: 'cancelled',
          sf: 'skipped',
          fc: 'completed',
        },
      ],
      [
        'that was rejected fails what needs it',
        { key: 't', agent: ok, review: 'person' },
        { f: 'failed', s: 'skipped', c: 'completed', ff: 'failed', sf: 'skipped', fc: 'completed' },
      ],
    ];
  it.each(POLICIES)(
    'one without success %s, or skips it, or lets it go on',
    async (_, t, after) => {
      const world = await suite.world();
      const manager = await world.manager({ agents: [ok, broken], remoteAgents: ['elsewhere'] });
      const job = await manager.startJob({
        id: 'j',
        open: true,
        tasks: [
          t,
          { key: 'f', agent: ok, needs: ['t'] },
          { key: 's', agent: ok, needs: [{ task: 't', onFailure: 'skip' }] },
          { key: 'c', agent: ok, needs: [{ task: 't', onFailure: 'continue' }] },
          { key: 'ff', agent: ok, needs: ['f'] },
          { key: 'sf', agent: ok, needs: ['s'] },
          { key: 'fc', agent: ok, needs: [{ task: 'f', onFailure: 'continue' }] },
        ],
      });
      await world.quiet();
      if (t.agent === 'elsewhere') await manager.cancelTask('j/t');
      if (t.review !== undefined) await manager.reject('j/t', 'no', { final: true });
      await world.quiet();
      expect(await statesIn(manager, 'j')).toMatchObject(after);
      expect(await manager.why('j/ff')).toMatchObject({
        reason: { kind: 'dependency', taskId: 'j/f' },
      });
      expect((await job.view()).counts.unfinished).toBe(0);
    },
  );

  it('without success end a task once, also where it has others that have not ended', async () => {
    const world = await suite.world();
    const slow = held();
    const manager = await world.manager({ agents: [slow.agent, broken, ok] });
    const job = await manager.startJob({
      id: 'j',
      tasks: [
        { key: 'slow', agent: slow.agent },
        { key: 'bad', agent: broken },
        { key: 'bad too', agent: broken },
        { key: 't', agent: ok, needs: ['slow', 'bad', 'bad too'] },
        { key: 'after', agent: ok, needs: ['t', 'bad'] },
      ],
    });
    await world.quiet();
    expect(await statesIn(manager, 'j')).toMatchObject({
      t: 'failed',
      after: 'failed',
      slow: 'in_progress',
    });
    slow.release();
    expect(await world.until(job.done)).toMatchObject({ counts: { unfinished: 0, failed: 4 } });
  });

  it('that have ended already mean the same as those that end later', async () => {
    const world = await suite.world();
    const manager = await world.manager({ agents: [ok, broken, echo] });
    await manager.startJob({
      id: 'j',
      open: true,
      tasks: [
        { key: 'good', agent: echo, input: { n: 1 } },
        { key: 'bad', agent: broken },
      ],
    });
    await world.quiet();
    await manager.addTasks('j', [
      { key: 'after good', agent: ok, needs: ['j/good'] },
      { key: 'after bad', agent: ok, needs: ['j/good', 'j/bad'] },
      { key: 'skips', agent: ok, needs: [{ task: 'j/bad', onFailure: 'skip' }] },
      { key: 'goes on', agent: ok, needs: [{ task: 'j/bad', onFailure: 'continue' }, 'j/good'] },
      { key: 'far', agent: ok, needs: ['after bad'] },
    ]);
    await world.quiet();
    expect(await statesIn(manager, 'j')).toMatchObject({
      'after good': 'completed',
      'after bad': 'failed',
      skips: 'skipped',
      'goes on': 'completed',
      far: 'failed',
    });
    expect((await manager.job('j')).counts).toEqual({ total: 7, unfinished: 0, failed: 3 });
  });

  it('are added to tasks that have not begun, and then are waited for as well', async () => {
    const world = await suite.world();
    const slow = held();
    const manager = await world.manager({
      agents: [slow.agent, ok, broken],
      remoteAgents: ['elsewhere'],
    });
    const person = await world.manager({ remoteAgents: ['elsewhere', 'ok'], work: false });
    const job = await manager.startJob({
      id: 'j',
      tasks: [
        { key: 'slow', agent: slow.agent },
        { key: 'bad', agent: broken },
        { key: 'a', agent: ok, delay: 10 },
        { key: 'b', agent: ok, delay: 10 },
      ],
    });
    await world.quiet();
    await person.addDependency('j/a', [
      'j/slow',
      'j/slow',
      { task: 'j/bad', onFailure: 'continue' },
    ]);
    await person.addDependency('j/a', 'j/slow');
    await person.addDependency('j/b', 'j/bad');
    await world.pass(12_000);
    expect(await manager.getTask('j/a')).toMatchObject({ state: 'pending', waitsFor: 1 });
    expect(await manager.getTask('j/b')).toMatchObject({ state: 'failed' });
    slow.release();
    await world.until(job.done);
    expect(await manager.getTask('j/a')).toMatchObject({ state: 'completed' });
    expect(await manager.edges('j')).toHaveLength(3);
  });

  it('on a task of another job, or on none, are refused', async () => {
    const world = await suite.world();
    const manager = await world.manager({ agents: [ok], remoteAgents: ['elsewhere'] });
    await manager.startJob({ id: 'one', tasks: [{ key: 'a', agent: 'elsewhere' }] });
    await manager.startJob({ id: 'two', tasks: [{ key: 'b', agent: 'elsewhere' }] });
    for (const needs of ['one/a', 'two/x', 'x']) {
      await expect(manager.addDependency('two/b', needs)).rejects.toMatchObject({
        code: 'TASK_UNKNOWN',
      });
      await expect(
        manager.addTask('two', { key: 'c', agent: ok, needs: [needs] }),
      ).rejects.toMatchObject({ code: 'TASK_UNKNOWN' });
    }
    expect(await manager.tasks({ jobId: 'two' })).toMatchObject([{ waitsFor: 0 }]);
  });

  describe('in a circle', () => {
    const CYCLE = { code: 'TASK_CYCLE' };

    it('are refused with the whole job, naming the path', async () => {
      const world = await suite.world();
      const manager = await world.manager({ agents: [ok] });
      const tasks = [
        { key: 'before', agent: ok },
        { key: 'a', agent: ok, needs: ['c', 'before'] },
        { key: 'b', agent: ok, needs: ['a'] },
        { key: 'c', agent: ok, needs: ['b'] },
        { key: 'behind', agent: ok, needs: ['c'] },
      ];
      await expect(manager.startJob({ id: 'j', tasks })).rejects.toMatchObject({
        ...CYCLE,
        message: saying(/'j\/(.)' needs 'j\/.' needs 'j\/.' needs 'j\/\1'$/),
      });
      await expect(
        manager.startJob({ id: 'j', tasks: [{ key: 'self', agent: ok, needs: ['self'] }] }),
      ).rejects.toMatchObject({
        ...CYCLE,
        message: saying("'j/self' needs 'j/self'"),
      });
      expect(await manager.jobs()).toEqual([]);
    });

    it('are refused when they are added to a job, and nothing of the call is there', async () => {
      const world = await suite.world();
      const manager = await world.manager({ agents: [ok], remoteAgents: ['elsewhere'] });
      const job = await manager.startJob({
        id: 'j',
        tasks: [
          { key: 'a', agent: 'elsewhere' },
          { key: 'b', agent: 'elsewhere', needs: ['a'] },
          { key: 'c', agent: 'elsewhere', needs: ['b'] },
        ],
      });
      await expect(
        job.addAll([
          { key: 'x', agent: ok, needs: ['y'] },
          { key: 'y', agent: ok, needs: ['x', 'j/a'] },
        ]),
      ).rejects.toMatchObject(CYCLE);
      await expect(manager.addDependency('j/a', 'j/c')).rejects.toMatchObject({
        ...CYCLE,
        message: saying("'j/a' needs 'j/c' needs 'j/b' needs 'j/a'"),
      });
      await expect(manager.addDependency('j/a', 'j/a')).rejects.toMatchObject(CYCLE);
      expect((await manager.tasks()).map(({ waitsFor }) => waitsFor)).toEqual([0, 1, 1]);
      expect(await manager.edges('j')).toHaveLength(2);
    });

    it('are refused to an agent that asks for them, which goes on', async () => {
      const world = await suite.world();
      const refused: unknown[] = [];
      const child = defineTaskAgent({
        name: 'child',
        async execute(ctx) {
          const above = ctx.parentId ?? '';
          await ctx.addDependency(above).catch((error: unknown) => refused.push(error));
          return { went: 'on' };
        },
      });
      const parent = defineTaskAgent({
        name: 'parent',
        execute: (ctx) => ctx.require({ agent: child, key: 'child' }),
      });
      const manager = await world.manager({ agents: [parent, child] });
      const job = await manager.startJob({ id: 'j', tasks: [{ key: 'p', agent: parent }] });
      expect(await world.until(job.done)).toMatchObject({ outputs: { p: { went: 'on' } } });
      expect(refused).toMatchObject([
        { ...CYCLE, message: saying("'j/p/child' needs 'j/p' needs 'j/p/child'") },
      ]);
    });

    everyPair(
      suite,
      'that two add at the same time leave one of them refused',
      async (world, storages) => {
        const managers = await Promise.all(
          storages.map((storage) =>
            world.manager({ storage, remoteAgents: ['elsewhere'], work: false }),
          ),
        );
        const [one, two] = managers as [TaskManager, TaskManager];
        await one.startJob({
          id: 'j',
          tasks: ['a', 'b'].map((key) => ({ key, agent: 'elsewhere' })),
        });
        const asked = await Promise.allSettled([
          one.addDependency('j/a', 'j/b'),
          two.addDependency('j/b', 'j/a'),
        ]);
        expect(asked.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
        expect(await one.edges('j')).toHaveLength(1);
      },
    );
  });

  everyPair(
    suite,
    'whose last two complete at the same time in two managers release what waits, once',
    async (world, storages) => {
      const end = gate();
      let joined = 0;
      const join = defineTaskAgent({ name: 'join', execute: () => void joined++ });
      const open = (storage: (typeof storages)[number], agent: string): Promise<TaskManager> =>
        world.manager({
          storage,
          remoteAgents: ['left', 'right'].filter((name) => name !== agent),
          agents: [defineTaskAgent({ name: agent, execute: () => end.passed }), join],
        });
      const manager = await open(storages[0], 'left');
      await open(storages[1], 'right');
      const pairs = Array.from({ length: 10 }, (_, i) => i);
      const job = await manager.startJob({
        tasks: pairs.flatMap((i) => [
          { key: `l${i}`, agent: 'left' },
          { key: `r${i}`, agent: 'right' },
          { key: `join${i}`, agent: join, needs: [`l${i}`, `r${i}`] },
        ]),
      });
      await world.pass(2_000);
      expect(await job.tasks({ state: 'in_progress' })).toHaveLength(20);
      end.open();
      expect(await world.until(job.done)).toMatchObject({ success: true });
      expect(joined).toBe(10);
      expect((await job.tasks({ agent: 'join' })).map(({ runs }) => runs)).toEqual(
        pairs.map(() => 1),
      );
    },
  );
};
