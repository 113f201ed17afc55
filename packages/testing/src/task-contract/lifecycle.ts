import {
  defineTaskAgent,
  TASK_STATES,
  type TaskManager,
  type TaskSpec,
  type TaskState,
} from '@dagger/tasks';
import { expect, it } from 'vitest';
import { broken, held, ok } from './agents.ts';
import { saying } from './saying.ts';
import type { Suite, World } from './world.ts';

const blocking = defineTaskAgent({ name: 'blocking', execute: (ctx) => ctx.block('who knows') });

type Asked =
  'cancel' | 'pause' | 'resume' | 'retry' | 'accept' | 'reject' | 'reject for good' | 'add a need';

const ASK: {
  readonly [A in Asked]: (m: TaskManager, task: string, other: string) => Promise<unknown>;
} = {
  cancel: (m, task) => m.cancelTask(task),
  pause: (m, task) => m.pauseTask(task, 'later'),
  resume: (m, task) => m.resumeTask(task),
  retry: (m, task) => m.retryTask(task),
  accept: (m, task) => m.accept(task),
  reject: (m, task) => m.reject(task, 'not good'),
  'reject for good': (m, task) => m.reject(task, 'not good', { final: true }),
  'add a need': (m, task, other) => m.addDependency(task, other),
};

/** What may be asked of a task in each state, and what it is then. Everything else is refused. */
const ALLOWED: { readonly [S in TaskState]: { readonly [A in Asked]?: TaskState } } = {
  pending: { cancel: 'cancelled', pause: 'paused', 'add a need': 'pending' },
  ready: { cancel: 'cancelled', pause: 'paused', 'add a need': 'pending' },
  in_progress: { cancel: 'cancelled', 'add a need': 'in_progress' },
  blocked: { cancel: 'cancelled', pause: 'paused', retry: 'ready', 'add a need': 'blocked' },
  in_review: {
    cancel: 'cancelled',
    accept: 'accepted',
    reject: 'ready',
    'reject for good': 'rejected',
  },
  paused: { cancel: 'cancelled', resume: 'ready', 'add a need': 'paused' },
  completed: {},
  accepted: {},
  rejected: { retry: 'ready' },
  failed: { retry: 'ready' },
  cancelled: { retry: 'ready' },
  skipped: { retry: 'ready' },
};

/** The tasks with which one called `t` comes into a state, and what a person does for it. */
const WAYS: {
  readonly [S in TaskState]: readonly [
    readonly TaskSpec[],
    ((m: TaskManager, task: string) => Promise<unknown>)?,
  ];
} = {
  pending: [[{ key: 't', agent: 'ok', delay: 3_600 }]],
  ready: [[{ key: 't', agent: 'elsewhere' }]],
  in_progress: [[{ key: 't', agent: 'held' }]],
  blocked: [[{ key: 't', agent: 'blocking' }]],
  in_review: [[{ key: 't', agent: 'ok', review: 'person' }]],
  paused: [[{ key: 't', agent: 'elsewhere' }], (m, task) => m.pauseTask(task)],
  completed: [[{ key: 't', agent: 'ok' }]],
  accepted: [[{ key: 't', agent: 'ok', review: 'person' }], (m, task) => m.accept(task)],
  rejected: [
    [{ key: 't', agent: 'ok', review: 'person' }],
    (m, task) => m.reject(task, 'never', { final: true }),
  ],
  failed: [[{ key: 't', agent: 'broken' }]],
  cancelled: [[{ key: 't', agent: 'elsewhere' }], (m, task) => m.cancelTask(task)],
  skipped: [
    [
      { key: 'first', agent: 'broken' },
      { key: 't', agent: 'ok', needs: [{ task: 'first', onFailure: 'skip' }] },
    ],
  ],
};

/** A manager with every agent that the ways need, and one that takes no tasks. */
const setup = async (
  world: World,
): Promise<{ readonly worker: TaskManager; readonly person: TaskManager }> => {
  const agents = [ok, broken, blocking, held().agent];
  const worker = await world.manager({ agents, remoteAgents: ['elsewhere'] });
  const person = await world.manager({ agents, remoteAgents: ['elsewhere'], work: false });
  return { worker, person };
};

/** A task in a state, in a job that takes whatever comes. */
const taskIn = async (
  world: World,
  manager: TaskManager,
  state: TaskState,
  jobId: string,
): Promise<string> => {
  const [tasks, then] = WAYS[state];
  const stall = { action: { type: 'Wait' } } as const;
  const others = [{ key: 'other', agent: 'elsewhere' }];
  await manager.startJob({ id: jobId, open: true, stall, tasks: [...tasks, ...others] });
  await world.quiet();
  await then?.(manager, `${jobId}/t`);
  await world.quiet();
  return `${jobId}/t`;
};

export const lifecycle = (suite: Suite): void => {
  it.each(TASK_STATES)(
    'a task that is %s takes what is allowed there, and refuses the rest',
    async (state) => {
      const world = await suite.world();
      const { worker, person } = await setup(world);
      const asked = Object.keys(ASK) as Asked[];
      const tasks: string[] = [];
      for (const [i] of asked.entries()) tasks.push(await taskIn(world, worker, state, `j${i}`));
      // Whoever works would take up at once what becomes ready.
      if (state !== 'in_progress') await world.until(worker.close());
      const kept = new Set<unknown>();
      const became: { [asked: string]: unknown } = {};
      const expected: { [asked: string]: unknown } = {};
      for (const [i, what] of asked.entries()) {
        const task = tasks[i] as string;
        expect(await person.getTask(task)).toMatchObject({ state });
        const refused = await ASK[what](person, task, `j${i}/other`).then(
          () => undefined,
          (error: unknown) => (error as { readonly code?: unknown }).code ?? error,
        );
        const after = (await person.getTask(task))?.state;
        became[what] = refused ?? after;
        expected[what] = ALLOWED[state][what] ?? 'TASK_STATE';
        if (refused !== undefined) kept.add(after);
      }
      expect(became).toEqual(expected);
      // What is refused changes nothing.
      expect([...kept]).toEqual([state]);
    },
  );

  it('a refusal names the task, its state and where it would be possible', async () => {
    const world = await suite.world();
    const { worker } = await setup(world);
    const task = await taskIn(world, worker, 'completed', 'j');
    await expect(worker.cancelTask(task)).rejects.toMatchObject({
      code: 'TASK_STATE',
      message: saying(/'j\/t' is completed: cannot cancel it; .*pending or ready/),
      ids: { taskId: 'j/t' },
    });
  });

  it('a task that is not there is unknown to every call', async () => {
    const world = await suite.world();
    const { person } = await setup(world);
    await person.startJob({ id: 'j', open: true });
    for (const ask of Object.values(ASK))
      for (const task of ['j/x', 'j', '', 'j/\0'])
        await expect(ask(person, task, 'j/y')).rejects.toMatchObject({ code: 'TASK_UNKNOWN' });
    await expect(person.why('j/x')).rejects.toMatchObject({ code: 'TASK_UNKNOWN' });
    expect(await person.getTask('j/x')).toBeUndefined();
  });

  it('a task that was blocked by its own word goes on waiting for a decision after a pause', async () => {
    const world = await suite.world();
    const { worker, person } = await setup(world);
    const task = await taskIn(world, worker, 'blocked', 'j');
    await person.pauseTask(task, 'later');
    await person.resumeTask(task);
    await world.pass(5_000);
    expect(await person.getTask(task)).toMatchObject({ state: 'blocked', runs: 1 });
    expect((await person.why(task)).reason).toEqual({
      kind: 'blocked_by_agent',
      message: 'who knows',
    });
  });

  it('a task that is done again begins with all its budgets, and brings back what ended because of it', async () => {
    const world = await suite.world();
    let works = false;
    const flaky = defineTaskAgent({
      name: 'flaky',
      execute: ({ input, attempt }) => {
        if (!works) throw new Error('not now');
        return { input, attempt };
      },
    });
    const manager = await world.manager({ agents: [flaky, ok] });
    const job = await manager.startJob({
      id: 'j',
      tasks: [
        { key: 'a', agent: 'flaky', maxRetries: 0 },
        { key: 'b', agent: 'ok', needs: ['a'] },
        { key: 'c', agent: 'ok', needs: [{ task: 'b', onFailure: 'skip' }] },
      ],
    });
    expect((await world.until(job.done)).status).toBe('failed');
    expect((await job.tasks()).map(({ state }) => state)).toEqual(['failed', 'failed', 'skipped']);
    works = true;
    const again = await manager.retryTask('j/a', { input: { better: true } });
    expect([...again].toSorted()).toEqual(['j/a', 'j/b', 'j/c']);
    const second = await manager.openJob('j');
    const result = await world.until(second.done);
    expect(result).toMatchObject({ success: true, error: null, counts: { failed: 0 } });
    expect(result.outputs['a']).toEqual({ input: { better: true }, attempt: 1 });
  });
};
