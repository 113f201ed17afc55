import { NonRetryableError, type JsonValue } from '@dagger/core';
import { defineTaskAgent, type TaskAgent, type TaskManager } from '@dagger/tasks';
import { describe, expect, it } from 'vitest';
import { echo, ok } from './agents.ts';
import { saying } from './saying.ts';
import type { Suite, World } from './world.ts';

const nested = (levels: number): JsonValue => {
  let value: JsonValue = 0;
  for (let i = 0; i < levels; i++) value = [value];
  return value;
};

const cyclic = (): unknown => {
  const value: { self?: unknown } = {};
  value.self = value;
  return value;
};

/** Specs of tasks that are refused, with the code and what the message says. */
const TASKS: readonly (readonly [string, unknown, string, string])[] = [
  ['no object', 'ok', 'TASK_INVALID', 'a task is an object'],
  ['null', null, 'TASK_INVALID', 'a task is an object'],
  ['a list', [], 'TASK_INVALID', 'a task is an object'],
  ['no agent', {}, 'TASK_INVALID', 'agent must be'],
  ['an agent that is no name', { agent: 7 }, 'TASK_INVALID', 'agent must be'],
  ['an agent that nobody knows', { agent: 'ekko' }, 'AGENT_UNKNOWN', "did you mean 'echo'?"],
  [
    'an agent that is not registered',
    { agent: { ...ok, name: 'other' } },
    'AGENT_UNKNOWN',
    "'other'",
  ],
  ['an unknown key', { agent: 'ok', inputs: {} }, 'TASK_INVALID', "did you mean 'input'?"],
  [
    'a key of a prototype',
    JSON.parse('{"agent":"ok","__proto__":{}}'),
    'TASK_INVALID',
    '__proto__',
  ],
  ['an empty key', { agent: 'ok', key: '' }, 'TASK_INVALID', 'key must be'],
  ['a key with NUL', { agent: 'ok', key: 'a\0b' }, 'TASK_INVALID', 'key must be'],
  ['a key that is too long', { agent: 'ok', key: 'k'.repeat(201) }, 'TASK_INVALID', 'key must be'],
  ['a key that is no text', { agent: 'ok', key: 1 }, 'TASK_INVALID', 'key must be'],
  ['a key that is no Unicode', { agent: 'ok', key: 'a\ud800' }, 'TASK_INVALID', 'key must be'],
  ['a title that is no text', { agent: 'ok', title: 1 }, 'TASK_INVALID', 'title must be'],
  ['a title with NUL', { agent: 'ok', title: 'a\0' }, 'TASK_INVALID', 'title must be'],
  ['an unknown type', { agent: 'ok', type: 'epic' }, 'TASK_INVALID', 'type must be one of'],
  ['needs that are no list', { agent: 'ok', needs: 'a' }, 'TASK_INVALID', 'needs must be a list'],
  ['a need that names no task', { agent: 'ok', needs: [{}] }, 'TASK_INVALID', 'names no task'],
  ['a need that is not there', { agent: 'ok', needs: ['x'] }, 'TASK_UNKNOWN', "'x'"],
  ['a need with NUL', { agent: 'ok', needs: ['x\0'] }, 'TASK_INVALID', 'names no task'],
  [
    'an unknown policy',
    { agent: 'ok', needs: [{ task: 'x', onFailure: 'ignore' }] },
    'TASK_INVALID',
    'fail, skip, continue',
  ],
  ['a parent that is not there', { agent: 'ok', parent: 'x' }, 'TASK_INVALID', "parent is 'x'"],
  ['a parent with NUL', { agent: 'ok', parent: 'x\0' }, 'TASK_INVALID', 'parent'],
  [
    'a priority that is no whole number',
    { agent: 'ok', priority: 1.5 },
    'TASK_INVALID',
    'priority must be',
  ],
  [
    'a priority that is too high',
    { agent: 'ok', priority: 1_001 },
    'TASK_INVALID',
    'from -1000 to 1000',
  ],
  ['no time', { agent: 'ok', timeout: 0 }, 'TASK_INVALID', 'timeout must be'],
  [
    'a time without end',
    { agent: 'ok', timeout: Number.POSITIVE_INFINITY },
    'TASK_INVALID',
    'timeout',
  ],
  ['a negative delay', { agent: 'ok', delay: -1 }, 'TASK_INVALID', 'delay must be'],
  ['a delay that is text', { agent: 'ok', delay: '5' }, 'TASK_INVALID', 'delay must be'],
  ['a delay beyond all years', { agent: 'ok', delay: 1e300 }, 'TASK_INVALID', 'delay must be'],
  ['negative retries', { agent: 'ok', maxRetries: -1 }, 'TASK_INVALID', 'maxRetries must be'],
  [
    'an unknown strategy',
    { agent: 'ok', retryStrategy: { type: 'x' } },
    'TASK_INVALID',
    'retryStrategy',
  ],
  ['an unknown way to crash', { agent: 'ok', onCrash: 'x' }, 'TASK_INVALID', 'onCrash must be'],
  [
    'criteria that are no texts',
    { agent: 'ok', acceptanceCriteria: [1] },
    'TASK_INVALID',
    'list of texts',
  ],
  ['an unknown reviewer', { agent: 'ok', review: 'me' }, 'TASK_INVALID', 'review must be'],
  ['a reviewer that nobody knows', { agent: 'ok', review: { agent: 'x' } }, 'TASK_INVALID', "'x'"],
  ['a function as input', { agent: 'ok', input: { f: () => {} } }, 'NOT_JSON', 'a function'],
  ['a date as input', { agent: 'ok', input: new Date(0) }, 'NOT_JSON', 'a Date'],
  ['a BigInt in the input', { agent: 'ok', input: { n: 1n } }, 'NOT_JSON', 'a BigInt'],
  ['not a number in the input', { agent: 'ok', input: { n: Number.NaN } }, 'NOT_JSON', 'NaN'],
  ['a circle as input', { agent: 'ok', input: cyclic() }, 'NOT_JSON', 'a cycle'],
  ['an input without bottom', { agent: 'ok', input: nested(600) }, 'NOT_JSON', 'nested deeper'],
  [
    'an input that is too long',
    { agent: 'ok', input: { s: 'x'.repeat(2_000) } },
    'LIMIT_REACHED',
    'maxValueBytes',
  ],
];

/** Jobs that are refused. */
const JOBS: readonly (readonly [string, unknown, string, string])[] = [
  ['no object', 'j', 'JOB_INVALID', 'a job is an object'],
  ['an unknown key', { task: [] }, 'JOB_INVALID', "did you mean 'tasks'?"],
  ['an empty id', { id: '' }, 'JOB_INVALID', 'id must be'],
  ['an id with NUL', { id: 'a\0' }, 'JOB_INVALID', 'id must be'],
  ['an id that is no Unicode', { id: '\udfff' }, 'JOB_INVALID', 'id must be'],
  ['an id that is no text', { id: 7 }, 'JOB_INVALID', 'id must be'],
  ['tasks that are no list', { tasks: {} }, 'JOB_INVALID', 'tasks must be'],
  ['an objective that is no task', { objective: null }, 'TASK_INVALID', 'agent must be'],
  ['a title with NUL', { title: '\0' }, 'JOB_INVALID', 'title must be'],
  ['an unknown policy', { onFailure: 'explode' }, 'JOB_INVALID', 'onFailure must be'],
  ['a priority that is too low', { priority: -1_001 }, 'JOB_INVALID', 'priority must be'],
  ['a negative time', { timeout: -1 }, 'JOB_INVALID', 'timeout must be'],
  ['a time beyond all years', { timeout: 1e300 }, 'JOB_INVALID', 'timeout must be'],
  ['an open that is no boolean', { open: 'yes' }, 'JOB_INVALID', 'open must be'],
  ['a stall that is no object', { stall: 'x' }, 'JOB_INVALID', 'stall must be'],
  ['an unknown key of a stall', { stall: { after: 1 } }, 'JOB_INVALID', "'stall.after'"],
  [
    'an unknown action',
    { stall: { action: { type: 'Panic' } } },
    'JOB_INVALID',
    'stall.action.type',
  ],
  [
    'a planning agent without a name',
    { stall: { action: { type: 'NotifyPlanningAgent' } } },
    'JOB_INVALID',
    'stall.action.agent',
  ],
  [
    'a planning agent that nobody knows',
    { stall: { action: { type: 'NotifyPlanningAgent', agent: 'x' } } },
    'AGENT_UNKNOWN',
    "'x'",
  ],
  ['limits that are no object', { limits: 7 }, 'JOB_INVALID', 'limits must be'],
  ['an unknown limit', { limits: { maxTask: 1 } }, 'JOB_INVALID', "'limits.maxTask'"],
  ['a limit of nothing', { limits: { maxTasks: 0 } }, 'JOB_INVALID', 'limits.maxTasks'],
  [
    'allowed agents that are no list',
    { allowedAgents: 'ok' },
    'JOB_INVALID',
    'allowedAgents must be',
  ],
  ['allowed agents that are none', { allowedAgents: [7] }, 'JOB_INVALID', 'allowedAgents must be'],
  ['values that are no object', { state: [1] }, 'JOB_INVALID', 'state must be'],
  ['a value that is no JSON', { state: { f: () => {} } }, 'NOT_JSON', 'a function'],
  ['a value with NUL in its key', { state: { 'a\0': 1 } }, 'JOB_INVALID', 'state'],
];

const openManager = (world: World): Promise<TaskManager> =>
  world.manager({ agents: [ok, echo], maxValueBytes: 1_000 });

export const badInput = (suite: Suite): void => {
  it('in a task is refused, naming what is wrong, and nothing of the call is stored', async () => {
    const world = await suite.world();
    const manager = await openManager(world);
    await manager.startJob({ id: 'j', open: true });
    const found: { [what: string]: unknown } = {};
    const expected: { [what: string]: unknown } = {};
    for (const [what, spec, code, words] of TASKS) {
      const tasks = [{ agent: ok }, spec] as never;
      for (const call of [() => manager.startJob({ tasks }), () => manager.addTasks('j', tasks)]) {
        const error = await call().catch((thrown: unknown) => thrown);
        found[what] =
          error instanceof Error
            ? { code: (error as { code?: unknown }).code, message: error.message }
            : error;
        expected[what] = { code, message: saying(words) };
        expect(found).toEqual(expected);
      }
    }
    expect(await manager.jobs()).toHaveLength(1);
    expect(await manager.tasks()).toEqual([]);
  });

  it('in a job is refused, naming what is wrong, and nothing is stored', async () => {
    const world = await suite.world();
    const manager = await openManager(world);
    const found: { [what: string]: unknown } = {};
    const expected: { [what: string]: unknown } = {};
    for (const [what, spec, code, words] of JOBS) {
      const error = await manager.startJob(spec as never).catch((thrown: unknown) => thrown);
      found[what] =
        error instanceof Error
          ? { code: (error as { code?: unknown }).code, message: error.message }
          : error;
      expected[what] = { code, message: saying(words) };
    }
    expect(found).toEqual(expected);
    expect(await manager.jobs()).toEqual([]);
  });

  it('from an agent is refused to it, and it may go on', async () => {
    const world = await suite.world();
    const codes: unknown[] = [];
    const careless = defineTaskAgent({
      name: 'careless',
      async execute(ctx) {
        const calls: (() => unknown)[] = [
          () => ctx.spawn({ agent: 'nobody' }),
          () => ctx.spawn({ agent: 'ok', input: { n: 1n } }),
          () => ctx.require({ agent: 'ok', what: 1 } as never),
          () => ctx.settle([{ agent: 'nobody' }]),
          () => ctx.addDependency('j/nobody'),
          () => ctx.cancel('j/nobody', 'x'),
          () => ctx.reopen('j/nobody'),
          () => ctx.useTokens(-1),
        ];
        for (const call of calls)
          try {
            codes.push(await call());
          } catch (error) {
            codes.push((error as { readonly code?: unknown }).code);
          }
        ctx.progress(Number.NaN, 'odd');
        return { alive: true };
      },
    });
    const manager = await world.manager({ agents: [careless, ok] });
    const job = await manager.startJob({ id: 'j', tasks: [{ key: 't', agent: careless }] });
    expect(await world.until(job.done)).toMatchObject({
      outputs: { t: { alive: true } },
      counts: { total: 1 },
    });
    expect(codes).toEqual([
      'AGENT_UNKNOWN',
      'NOT_JSON',
      'TASK_INVALID',
      'AGENT_UNKNOWN',
      'TASK_UNKNOWN',
      'TASK_UNKNOWN',
      'TASK_UNKNOWN',
      'TASK_INVALID',
    ]);
  });

  it('as output fails the attempt', async () => {
    const world = await suite.world();
    const outputs = [() => {}, 1n, new Date(0), { n: Number.NaN }, cyclic(), 'x'.repeat(2_000)];
    const giving: TaskAgent = {
      name: 'giving',
      retry: { attempts: 1 },
      execute: ({ input }) => outputs[Number(input['i'])] as never,
    };
    const manager = await world.manager({ agents: [giving], maxValueBytes: 1_000 });
    const job = await manager.startJob({
      tasks: outputs.map((_, i) => ({ agent: giving, input: { i } })),
    });
    await world.until(job.done);
    expect((await job.tasks()).map(({ error }) => error?.code)).toEqual([
      'NOT_JSON',
      'NOT_JSON',
      'NOT_JSON',
      'NOT_JSON',
      'NOT_JSON',
      'LIMIT_REACHED',
    ]);
  });

  it('as a reason or a message is stored as it is, whatever is in it', async () => {
    const world = await suite.world();
    const text = 'a "quoted" \'text\' with \0, \ud800, 👋 and \\';
    const failing = defineTaskAgent({
      name: 'failing',
      execute: () => {
        throw new NonRetryableError(text, { code: 'ODD' });
      },
    });
    const manager = await world.manager({ agents: [failing], remoteAgents: ['elsewhere'] });
    const job = await manager.startJob({
      id: 'j',
      open: true,
      tasks: [
        { key: 'f', agent: failing },
        { key: 'c', agent: 'elsewhere' },
        { key: 'p', agent: 'elsewhere' },
      ],
    });
    await world.quiet();
    await manager.cancelTask('j/c', text);
    await manager.pauseTask('j/p', text);
    await job.pause(text);
    expect(await job.tasks()).toMatchObject([
      { error: { message: text } },
      { reason: { message: text } },
      { reason: { message: text } },
    ]);
    expect(await manager.history('j')).toContainEqual(
      expect.objectContaining({ type: 'JobPaused', reason: text }),
    );
  });

  describe('that only looks bad', () => {
    const NAMES = [
      '__proto__',
      'constructor',
      'toString',
      'a/b',
      'a%2Fb',
      'a\\b',
      "'; --",
      '"',
      ' ',
      '👋🏽 é 世界',
      '..',
      '%',
      '?',
      '$1',
    ];

    it('as a key names a task of its own', async () => {
      const world = await suite.world();
      const manager = await world.manager({ agents: [echo] });
      const job = await manager.startJob({
        id: 'odd/id %2F 👋',
        tasks: NAMES.map((key, i) => ({
          key,
          agent: echo,
          input: { i },
          needs: i === 0 ? [] : [NAMES[i - 1] as string],
        })),
      });
      const { outputs } = await world.until(job.done);
      expect(Object.keys(outputs).toSorted()).toEqual(NAMES.toSorted());
      for (const [i, key] of NAMES.entries())
        expect(Object.getOwnPropertyDescriptor(outputs, key)?.value).toEqual({ i });
      const tasks = await job.tasks();
      expect(tasks.map(({ key }) => key)).toEqual(NAMES);
      for (const { id, key } of tasks) expect(await manager.getTask(id)).toMatchObject({ key });
      expect(await manager.openJob('odd/id %2F 👋')).toMatchObject({ id: job.id });
    });

    it('in a value comes through as it is', async () => {
      const world = await suite.world();
      const manager = await world.manager({ agents: [echo] });
      const input = {
        text: '\0 \ud800 \u2028 👋 \\u0000 "quoted"',
        own: JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1}') as JsonValue,
        numbers: [0, -0.5, 1e300, Number.MAX_SAFE_INTEGER, 5e-324],
        deep: nested(490),
        long: 'x'.repeat(1_000_000),
        none: null,
      };
      const job = await manager.startJob({ tasks: [{ key: 't', agent: echo, input }] });
      const { outputs } = await world.until(job.done);
      expect(JSON.stringify(outputs['t'])).toBe(JSON.stringify(input));
      expect(({} as { readonly polluted?: unknown }).polluted).toBeUndefined();
    });
  });
};
