import { describe, expect, it } from 'vitest';
import { ManualClock, settle } from '../../test/clock.ts';
import type { AnyAction } from '../actions/action.ts';
import { ActionRegistry } from '../actions/registry.ts';
import type { DagConfigInput } from '../config/model.ts';
import { DagExecutor } from '../executor/executor.ts';
import type { GraphDefinition, NodeDefinition } from '../graph/model.ts';
import { Coordinator } from './coordinator.ts';

const setup = async (
  actions: readonly AnyAction[],
  nodes: readonly NodeDefinition[],
  config: DagConfigInput = {},
  graph: Partial<GraphDefinition> = {},
): Promise<{ readonly executor: DagExecutor; readonly clock: ManualClock }> => {
  const clock = new ManualClock();
  const executor = await DagExecutor.open({
    registry: new ActionRegistry(actions),
    clock,
    config: { onFailure: 'continue', maxAttempts: 1, ...config },
  });
  executor.add({ name: 'g', nodes, ...graph });
  return { executor, clock };
};

const many = (count: number, action: string): NodeDefinition[] =>
  Array.from({ length: count }, (_, i) => ({ id: `n${i}`, action }));
const chain = (count: number, action: string): NodeDefinition[] =>
  many(count, action).map((node, i) => (i === 0 ? node : { ...node, dependencies: [`n${i - 1}`] }));

/** An action that takes some turns of the loop, and how many of it ran at once at the most. */
const busy = (): { readonly action: AnyAction; readonly seen: { now: number; most: number } } => {
  const seen = { now: 0, most: 0 };
  return {
    seen,
    action: {
      name: 'busy',
      execute: async () => {
        seen.most = Math.max(seen.most, ++seen.now);
        await settle(2);
        seen.now--;
      },
    },
  };
};

describe('maxParallelNodes', () => {
  it.each([1, 2, 7])('is used in full and never exceeded: %d', async (maxParallelNodes) => {
    const { action, seen } = busy();
    const { executor } = await setup([action], many(30, 'busy'), { maxParallelNodes });
    expect((await executor.run('g')).counts.succeeded).toBe(30);
    expect(seen.most).toBe(maxParallelNodes);
  });

  it('of the graph goes over that of the executor, and that of the coordinator over both', async () => {
    const { action, seen } = busy();
    const { executor } = await setup(
      [action],
      many(30, 'busy'),
      { maxParallelNodes: 20 },
      { config: { maxParallelNodes: 5 } },
    );
    await executor.run('g');
    expect(seen.most).toBe(5);
    seen.most = 0;
    await new Coordinator({ maxParallelNodes: 2 }).runParallel(executor, { dag: 'g' });
    expect(seen.most).toBe(2);
  });

  it('is 1 when a run is sequential, which goes in topological order', async () => {
    const ran: string[] = [];
    const { action, seen } = busy();
    const nodes = [
      { id: 'd', action: 'busy', dependencies: ['b', 'c'] },
      { id: 'b', action: 'busy', dependencies: ['a'] },
      { id: 'c', action: 'busy' },
      { id: 'a', action: 'busy' },
    ];
    const noting: AnyAction = {
      name: 'busy',
      execute: async (ctx: never) => {
        ran.push((ctx as { nodeId: string }).nodeId);
        await action.execute(ctx);
      },
    };
    const { executor } = await setup([noting], nodes);
    await executor.runSequential('g');
    await new Coordinator().runSequential(executor, { dag: 'g' });
    const off = await setup([noting], nodes, { enableParallelExecution: false });
    await off.executor.run('g');
    expect(seen.most).toBe(1);
    expect(ran.slice(0, 4)).toEqual(ran.slice(4, 8));
    expect(ran.slice(0, 4)).toEqual(ran.slice(8));
    expect(ran.indexOf('a')).toBeLessThan(ran.indexOf('b'));
    expect(ran[3]).toBe('d');
  });

  it('does not count a retry that waits: others run meanwhile', async () => {
    const ran: string[] = [];
    const flaky: AnyAction = {
      name: 'flaky',
      execute: ({ attempt }) => {
        ran.push(`flaky ${attempt}`);
        if (attempt === 1) throw new Error('again');
      },
    };
    const { executor, clock } = await setup(
      [flaky, { name: 'ok', execute: ({ nodeId }) => void ran.push(nodeId) }],
      [{ id: 'f', action: 'flaky', tryCount: 2 }, ...many(3, 'ok')],
      { maxParallelNodes: 1, retryStrategy: { type: 'linear', delay: 60 } },
    );
    expect((await clock.drive(executor.run('g'))).status).toBe('succeeded');
    expect(ran).toEqual(['flaky 1', 'n0', 'n1', 'n2', 'flaky 2']);
  });

  it('holds after an abandoned attempt gave its slot back', async () => {
    const { action, seen } = busy();
    const { executor, clock } = await setup(
      [action, { name: 'never', execute: () => new Promise(() => {}) }],
      [{ id: 'x', action: 'never', timeout: 1 }, ...many(5, 'busy')],
      { maxParallelNodes: 1 },
    );
    const report = await clock.drive(executor.run('g'));
    expect(report.counts).toMatchObject({ succeeded: 5, failed: 1 });
    expect(seen.most).toBe(1);
  });
});

describe('maxTokens', () => {
  const spend: AnyAction = { name: 'spend', execute: (ctx) => ctx.useTokens(10) };

  it('ends the run with a status of its own once more were used', async () => {
    const { executor } = await setup([spend], chain(10, 'spend'), { maxTokens: 35 });
    const report = await executor.run('g');
    expect(report).toMatchObject({
      status: 'limit_reached',
      success: false,
      error: { code: 'LIMIT_REACHED', message: 'maxTokens reached: 40 used, 35 allowed' },
      counts: { succeeded: 4 },
    });
    expect(report.nodes['n5']?.attempts).toBe(0);
    expect(report.metrics.tokens).toBe(40);
  });

  it('may be used up to the last one', async () => {
    const { executor } = await setup([spend], chain(4, 'spend'), { maxTokens: 40 });
    expect((await executor.run('g')).status).toBe('succeeded');
  });

  it('counts failed attempts too', async () => {
    const wasteful: AnyAction = {
      name: 'wasteful',
      execute: (ctx) => {
        ctx.useTokens(10);
        throw new Error('no');
      },
    };
    const { executor } = await setup([wasteful], [{ id: 'a', action: 'wasteful', tryCount: 10 }], {
      maxTokens: 25,
      retryStrategy: 'immediate',
    });
    expect(await executor.run('g')).toMatchObject({
      status: 'limit_reached',
      metrics: { tokens: 30 },
    });
  });

  it('counts attempts that timed out', async () => {
    const slow: AnyAction = {
      name: 'slow',
      execute: async (ctx) => {
        ctx.useTokens(10);
        await new Promise(() => {});
      },
    };
    const { executor, clock } = await setup(
      [slow],
      [{ id: 'a', action: 'slow', tryCount: 3, timeout: 1 }],
      { retryStrategy: 'immediate' },
    );
    expect((await clock.drive(executor.run('g'))).metrics.tokens).toBe(30);
  });

  it('lets what runs already end', async () => {
    const { action } = busy();
    const { executor } = await setup(
      [spend, action],
      [
        { id: 'b', action: 'busy' },
        { id: 'a', action: 'spend' },
        { id: 'c', action: 'busy', dependencies: ['b'] },
      ],
      { maxTokens: 1 },
    );
    const report = await executor.run('g');
    expect(report.nodes['b']?.status).toBe('succeeded');
    expect(report.nodes['c']?.attempts).toBe(0);
  });
});

describe('maxIterations', () => {
  const actions: readonly AnyAction[] = [
    { name: 'supervisor_step', execute: () => {} },
    { name: 'ok', execute: () => {} },
  ];

  it('counts the iterations of the supervisor', async () => {
    const { executor } = await setup(actions, chain(5, 'supervisor_step'), { maxIterations: 3 });
    const report = await executor.run('g');
    expect(report).toMatchObject({
      status: 'limit_reached',
      error: { code: 'LIMIT_REACHED', message: expect.stringContaining('maxIterations reached') },
      counts: { succeeded: 3 },
    });
  });

  it('is not reached by the last iteration that is allowed, nor by other nodes however many', async () => {
    const { executor } = await setup(
      actions,
      [
        ...chain(3, 'supervisor_step'),
        ...many(60, 'ok').map((node) => ({ ...node, id: `x${node.id}` })),
      ],
      { maxIterations: 3 },
    );
    expect((await executor.run('g')).status).toBe('succeeded');
  });

  it('holds for iterations that run side by side', async () => {
    const ran: string[] = [];
    const step: AnyAction = {
      name: 'supervisor_step',
      execute: async ({ nodeId }) => {
        ran.push(nodeId);
        await settle(1);
      },
    };
    const { executor } = await setup([step], many(10, 'supervisor_step'), { maxIterations: 3 });
    expect((await executor.run('g')).status).toBe('limit_reached');
    expect(ran).toHaveLength(3);
  });
});
