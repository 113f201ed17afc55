import { describe, expect, it } from 'vitest';
import { ActionRegistry } from '../src/actions/registry.ts';
import type { AnyAction } from '../src/actions/action.ts';
import type { DagConfigInput } from '../src/config/model.ts';
import type { CoordinatorOptions } from '../src/coordinator/coordinator.ts';
import { Coordinator } from '../src/coordinator/coordinator.ts';
import { DagExecutor } from '../src/executor/executor.ts';
import type { NodeDefinition } from '../src/graph/model.ts';
import type { EventHook } from '../src/hooks/hook.ts';
import type { ExecutionEvent } from '../src/run/public-events.ts';
import type { RunReport } from '../src/run/report.ts';
import { ManualClock, settle } from './clock.ts';
import { gate } from './gate.ts';

interface Setup {
  readonly hooks: readonly EventHook[];
  readonly nodes?: readonly NodeDefinition[];
  readonly actions?: readonly AnyAction[];
  readonly config?: DagConfigInput;
  readonly options?: CoordinatorOptions;
}

const setup = async ({
  hooks,
  nodes,
  actions = [],
  config,
  options,
}: Setup): Promise<{
  readonly executor: DagExecutor;
  readonly clock: ManualClock;
  /** The nodes whose action `ok` ran, in their order. */
  readonly ran: string[];
  readonly run: (signal?: AbortSignal) => Promise<RunReport>;
}> => {
  const clock = new ManualClock();
  const ran: string[] = [];
  const registry = new ActionRegistry([
    { name: 'ok', execute: ({ nodeId }) => void ran.push(nodeId) },
    {
      name: 'broken',
      execute: () => {
        throw new Error('broken');
      },
    },
    ...actions,
  ]);
  const executor = await DagExecutor.open({
    registry,
    clock,
    appData: 'app',
    config: { maxAttempts: 1, onFailure: 'continue', ...config },
  });
  executor.add({
    name: 'g',
    nodes: nodes ?? [
      { id: 'a', action: 'ok' },
      { id: 'b', action: 'ok', dependencies: ['a'] },
    ],
  });
  const run = async (signal?: AbortSignal): Promise<RunReport> =>
    new Coordinator({ hooks, ...options }).runParallel(executor, {
      dag: 'g',
      runId: 'r',
      ...(signal === undefined ? {} : { signal }),
    });
  return { executor, clock, ran, run };
};

const brief = (event: ExecutionEvent): string =>
  'nodeId' in event ? `${event.type} ${event.nodeId}` : event.type;

describe('a hook', () => {
  it('is asked before the first node starts, of every event in order, and at the end [P20]', async () => {
    const told: string[] = [];
    const { run, ran } = await setup({
      hooks: [
        {
          onStart: async (ctx) => {
            await settle(3);
            told.push(`start ${ctx.runId} ${ctx.dagName} ${String(ctx.appData)} ${ran.length}`);
          },
          handle: (_, event) => void told.push(brief(event)),
          onComplete: (_, success) => void told.push(`complete ${success}`),
        },
      ],
    });
    expect((await run()).status).toBe('succeeded');
    expect(told).toEqual([
      'start r g app 0',
      'RunStarted',
      'NodeStarted a',
      'NodeCompleted a',
      'NodeStarted b',
      'NodeCompleted b',
      'complete true',
    ]);
  });

  it('sees one event at a time, also when it takes its time [P20]', async () => {
    const told: string[] = [];
    let inside = 0;
    const nodes = ['a', 'b', 'c', 'd'].map((id) => ({ id, action: 'ok' }));
    const { run } = await setup({
      nodes,
      hooks: [
        {
          handle: async (_, event) => {
            inside++;
            await settle(2);
            expect(inside).toBe(1);
            inside--;
            told.push(brief(event));
          },
        },
      ],
    });
    await run();
    expect(told.toSorted()).toEqual(
      [
        'RunStarted',
        ...nodes.flatMap(({ id }) => [`NodeStarted ${id}`, `NodeCompleted ${id}`]),
      ].toSorted(),
    );
    for (const { id } of nodes)
      expect(told.indexOf(`NodeStarted ${id}`)).toBeLessThan(told.indexOf(`NodeCompleted ${id}`));
  });

  it('holds back the dependents of a node until it has seen its end [P24]', async () => {
    const seen = gate();
    const told = gate();
    const { run, ran } = await setup({
      hooks: [
        {
          events: ['NodeCompleted'],
          handle: async (_, event) => {
            if (brief(event) === 'NodeCompleted a') {
              told.open();
              await seen.passed;
            }
          },
        },
      ],
    });
    const report = run();
    await told.passed;
    await settle();
    expect(ran).toEqual(['a']);
    seen.open();
    await report;
    expect(ran).toEqual(['a', 'b']);
  });

  it('is told only of the events that it asks for', async () => {
    const told: string[] = [];
    const { run } = await setup({
      hooks: [{ events: ['NodeCompleted'], handle: (_, event) => void told.push(brief(event)) }],
    });
    await run();
    expect(told).toEqual(['NodeCompleted a', 'NodeCompleted b']);
  });

  it('comes after the hooks before it in the list, for every event', async () => {
    const told: string[] = [];
    const hook = (name: string, turns: number): EventHook => ({
      onStart: async () => {
        await settle(turns);
        told.push(`${name} start`);
      },
      events: ['NodeCompleted'],
      handle: async (_, event) => {
        await settle(turns);
        told.push(`${name} ${brief(event)}`);
      },
      onComplete: async () => {
        await settle(turns);
        told.push(`${name} complete`);
      },
    });
    const { run } = await setup({
      nodes: [{ id: 'a', action: 'ok' }],
      hooks: [hook('slow', 5), hook('quick', 0)],
    });
    await run();
    expect(told).toEqual([
      'slow start',
      'quick start',
      'slow NodeCompleted a',
      'quick NodeCompleted a',
      'slow complete',
      'quick complete',
    ]);
  });

  it('sees 10,000 events, in order', async () => {
    let completed = 0;
    const at: number[] = [];
    const nodes = Array.from({ length: 5_000 }, (_, i) => ({
      id: `n${i}`,
      action: 'ok',
      dependencies: i % 50 === 0 ? [] : [`n${i - 1}`],
    }));
    const { run } = await setup({
      nodes,
      hooks: [
        {
          handle: async (_, event) => {
            at.push(event.at);
            if (event.type === 'NodeCompleted') completed++;
            await Promise.resolve();
          },
        },
      ],
    });
    expect((await run()).counts.succeeded).toBe(5_000);
    expect(completed).toBe(5_000);
    expect(at).toHaveLength(10_001);
  });

  it('may answer with a thenable that is no promise', async () => {
    // oxlint-disable-next-line unicorn/no-thenable -- the subject of the test
    const answer = { then: (give: (commands: readonly []) => void): void => give([]) };
    const { run } = await setup({
      hooks: [
        {
          handle: () => answer as never,
          onStart: () => answer as never,
          onComplete: () => answer as never,
        },
      ],
    });
    expect(await run()).toMatchObject({ status: 'succeeded', error: null });
  });

  it('is told of the nodes that are skipped and cancelled along with another', async () => {
    const told: string[] = [];
    const { run } = await setup({
      nodes: [
        { id: 'a', action: 'broken' },
        { id: 'b', action: 'ok', dependencies: ['a'] },
        { id: 'c', action: 'ok', dependencies: ['b'] },
      ],
      hooks: [{ events: ['NodeSkipped'], handle: (_, event) => void told.push(brief(event)) }],
    });
    await run();
    expect(told).toEqual(['NodeSkipped b', 'NodeSkipped c']);
  });
});

const moments: readonly (keyof EventHook)[] = ['onStart', 'handle', 'onComplete'];
const broken = (): never => {
  throw new Error('a mistake');
};

describe.each(moments)('a hook whose %s', (moment) => {
  it.each<[string, () => unknown]>([
    ['throws', broken],
    ['rejects', async () => Promise.reject(new Error('a mistake'))],
    [
      'throws what is no error',
      () => {
        // oxlint-disable-next-line typescript/only-throw-error -- a hook may
        throw 'a mistake';
      },
    ],
    ['gives a number', () => 7],
    ['gives a promise of a text', async () => Promise.resolve('x')],
    ['gives an object', () => ({ type: 'EmitEvent' })],
  ])('%s fails the run, naming the hook, and never hangs it', async (_, answer) => {
    const told: string[] = [];
    const { run, clock } = await setup({
      hooks: [
        { name: 'planner', [moment]: answer },
        { name: 'other', handle: (_ctx, event) => void told.push(event.type) },
      ],
    });
    const report = await clock.drive(run());
    expect(report).toMatchObject({
      status: 'failed',
      success: false,
      error: { code: 'HOOK_FAILED', message: expect.stringContaining('planner failed: ') },
    });
    expect(clock.elapsed).toBe(0);
    expect(report.nodes['a']?.attempts).toBeLessThanOrEqual(moment === 'onStart' ? 0 : 1);
  });

  it('never answers does not keep the run from being cancelled', async () => {
    const asked = gate();
    const cancel = new AbortController();
    const { run, clock } = await setup({
      hooks: [
        {
          [moment]: async () => {
            asked.open();
            await new Promise(() => {});
          },
        },
      ],
      config: { timeoutSeconds: 3_600 },
    });
    const report = run(cancel.signal);
    await asked.passed;
    cancel.abort();
    expect(await clock.drive(report)).toMatchObject({ status: 'cancelled' });
    expect(clock.elapsed).toBeLessThan(3_600_000);
  });

  it('never answers holds the run until its timeout', async () => {
    const { run, clock } = await setup({
      hooks: [{ [moment]: async () => new Promise(() => {}) }],
      config: { timeoutSeconds: 60 },
    });
    expect(await clock.drive(run())).toMatchObject({ status: 'timed_out', durationMs: 60_000 });
  });
});

describe('a failing hook', () => {
  it('aborts the actions that run, and nothing new starts', async () => {
    let signal: AbortSignal | undefined;
    const { run, ran, clock } = await setup({
      actions: [
        {
          name: 'wait',
          execute: async (ctx) => {
            signal = ctx.signal;
            await new Promise((_, reject) =>
              ctx.signal.addEventListener('abort', () => reject(new Error('stopped'))),
            );
          },
        },
      ],
      nodes: [
        { id: 'w', action: 'wait' },
        { id: 'a', action: 'ok' },
        { id: 'b', action: 'ok', dependencies: ['a'] },
      ],
      hooks: [{ events: ['NodeCompleted'], handle: broken }],
    });
    const report = await clock.drive(run());
    expect(report).toMatchObject({ status: 'failed', error: { code: 'HOOK_FAILED' } });
    expect(signal?.aborted).toBe(true);
    expect(report.nodes['w']?.status).toBe('cancelled');
    expect(ran).toEqual(['a']);
  });

  it('without a name is called by its place', async () => {
    const { run } = await setup({ hooks: [{}, { onStart: broken }] });
    expect((await run()).error?.message).toBe('hook 2 failed: a mistake');
  });

  it('is not asked again', async () => {
    let times = 0;
    const { run } = await setup({
      hooks: [
        {
          handle: () => {
            times++;
            throw new Error('no');
          },
        },
      ],
    });
    await run();
    expect(times).toBe(1);
  });

  it('leaves the run resumable with other hooks [P27]', async () => {
    const { run, executor, ran } = await setup({
      hooks: [{ events: ['NodeCompleted'], handle: broken }],
    });
    expect((await run()).status).toBe('failed');
    expect((await executor.resume('r')).status).toBe('succeeded');
    expect(ran).toEqual(['a', 'b']);
  });
});

describe('backpressure of a slow hook', () => {
  it.each([1, 10])(
    'with eventCapacity %d the run gets only so far ahead',
    async (eventCapacity) => {
      const nodes = Array.from({ length: 300 }, (_, i) => ({ id: `n${i}`, action: 'ok' }));
      let seen = 0;
      let most = 0;
      const started = await setup({
        nodes,
        options: { eventCapacity },
        config: { maxParallelNodes: 4 },
        hooks: [
          {
            events: ['NodeCompleted'],
            handle: async () => {
              most = Math.max(most, started.ran.length - seen);
              await settle(1);
              seen++;
            },
          },
        ],
      });
      expect((await started.run()).status).toBe('succeeded');
      expect(seen).toBe(300);
      // What runs already still ends: a bound of the capacity and the slots, not of the graph.
      expect(most).toBeLessThanOrEqual(eventCapacity + 2 * 4);
    },
  );
});
