import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../test/clock.ts';
import { gate } from '../../test/gate.ts';
import type { AnyAction } from '../actions/action.ts';
import { ActionRegistry } from '../actions/registry.ts';
import type { DagConfigInput } from '../config/model.ts';
import { NonRetryableError } from '../errors.ts';
import { DagExecutor } from '../executor/executor.ts';
import type { NodeDefinition } from '../graph/model.ts';
import type { ExecutionEvent } from '../run/public-events.ts';
import type { RunReport } from '../run/report.ts';

/** Runs node `a`, which fails and has the failure handler `handle`, and the nodes beside it. */
const setup = async (
  handler: Omit<AnyAction, 'name'>,
  options: {
    readonly config?: DagConfigInput;
    readonly node?: Partial<NodeDefinition>;
    readonly beside?: readonly NodeDefinition[];
  } = {},
): Promise<{
  readonly report: RunReport;
  readonly clock: ManualClock;
  readonly events: ExecutionEvent[];
}> => {
  const clock = new ManualClock();
  const registry = new ActionRegistry([
    {
      name: 'broken',
      execute: () => {
        throw Object.assign(new Error('broken'), { code: 'E_BROKEN' });
      },
    },
    { name: 'ok', execute: () => {} },
    { ...handler, name: 'handle' },
  ]);
  const executor = await DagExecutor.open({
    registry,
    clock,
    config: {
      onFailure: 'continue',
      maxAttempts: 2,
      retryStrategy: 'immediate',
      ...options.config,
    },
  });
  executor.add({
    name: 'g',
    nodes: [
      { id: 'a', action: 'broken', failure: 'handle', ...options.node },
      ...(options.beside ?? []),
    ],
  });
  const events: ExecutionEvent[] = [];
  const run = await executor.start('g', { inputs: { x: 7 } });
  run.events.subscribe((event) => void events.push(event));
  return { report: await clock.drive(run.done), clock, events };
};

describe('a failure handler', () => {
  it('runs once, after the last attempt, and gets the node, its error, its attempts and its inputs', async () => {
    const seen: unknown[] = [];
    const { report } = await setup(
      { execute: ({ inputs, nodeId }) => void seen.push({ inputs, nodeId }) },
      { node: { inputs: [{ name: 'x', reference: 'inputs.x' }] } },
    );
    expect(seen).toEqual([
      {
        nodeId: 'a',
        inputs: {
          nodeId: 'a',
          error: { code: 'E_BROKEN', name: 'Error', message: 'broken' },
          attempts: 2,
          inputs: { x: 7 },
        },
      },
    ]);
    expect(report.nodes['a']).toMatchObject({
      status: 'failed',
      handler: { status: 'succeeded', outputs: {} },
    });
  });

  it('gets null for inputs that could not be resolved', async () => {
    const seen: unknown[] = [];
    await setup(
      { execute: ({ inputs }) => void seen.push((inputs as { inputs: unknown }).inputs) },
      { node: { inputs: [{ name: 'y', reference: 'inputs.y' }] } },
    );
    expect(seen).toEqual([null]);
  });

  it('leaves the node failed and its dependents skipped, whatever it gives', async () => {
    const { report, events } = await setup(
      { execute: () => ({ cleaned: true }) },
      { beside: [{ id: 'b', action: 'ok', dependencies: ['a'] }] },
    );
    expect(report.nodes['a']).toMatchObject({
      status: 'failed',
      outputs: null,
      handler: { status: 'succeeded', outputs: { cleaned: true } },
    });
    expect(report.nodes['b']?.status).toBe('skipped');
    expect(events.filter(({ type }) => type === 'HandlerCompleted')).toMatchObject([
      { nodeId: 'a', outputs: { cleaned: true } },
    ]);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('worse');
      },
      'worse',
    ],
    ['rejects', () => Promise.reject(new NonRetryableError('worse')), 'worse'],
    ['gives what is not JSON', () => ({ at: new Date(0) }), 'not a JSON value'],
  ])(
    'that %s is recorded and not tried again; the run ends as it would',
    async (_, execute, message) => {
      let times = 0;
      const { report, events } = await setup({
        execute: () => {
          times++;
          return execute();
        },
      });
      expect(times).toBe(1);
      expect(report.nodes['a']).toMatchObject({
        status: 'failed',
        error: { message: 'broken' },
        handler: { status: 'failed', error: { message: expect.stringContaining(message) } },
      });
      expect(report.error?.message).toBe('broken');
      expect(events.filter(({ type }) => type === 'HandlerFailed')).toHaveLength(1);
    },
  );

  it.each(['pause', 'stop'] as const)(
    'runs also when the run ends by its policy %s',
    async (onFailure) => {
      const { report } = await setup(
        { execute: async () => Promise.resolve({ cleaned: true }) },
        { config: { onFailure } },
      );
      expect(report.status).toBe(onFailure === 'pause' ? 'paused' : 'failed');
      expect(report.nodes['a']?.handler).toMatchObject({ status: 'succeeded' });
    },
  );

  it('runs also when the node stops the run by onfailure: false', async () => {
    const { report } = await setup(
      { execute: () => ({ cleaned: true }) },
      { node: { onfailure: false } },
    );
    expect(report.status).toBe('failed');
    expect(report.nodes['a']?.handler).toMatchObject({ status: 'succeeded' });
  });

  it('that takes longer than its timeout is abandoned, its signal aborted', async () => {
    let signal: AbortSignal | undefined;
    const { report, clock } = await setup({
      timeout: 3,
      execute: (ctx) => {
        signal = ctx.signal;
        return new Promise(() => {});
      },
    });
    expect(report.nodes['a']?.handler).toMatchObject({
      status: 'failed',
      error: { code: 'NODE_TIMEOUT' },
    });
    expect(signal?.aborted).toBe(true);
    expect(clock.elapsed).toBe(3_000);
  });

  it('runs only for a node that failed', async () => {
    const seen: string[] = [];
    await setup(
      { execute: ({ nodeId }) => void seen.push(nodeId) },
      {
        beside: [
          { id: 'fine', action: 'ok', failure: 'handle' },
          { id: 'skipped', action: 'ok', failure: 'handle', dependencies: ['a'] },
        ],
      },
    );
    expect(seen).toEqual(['a']);
  });

  it('counts as work: it takes a slot, and the run waits for it', async () => {
    const release = gate();
    const order: string[] = [];
    const handled = setup(
      {
        execute: async () => {
          order.push('handling');
          await release.passed;
          order.push('handled');
        },
      },
      { config: { maxParallelNodes: 1, maxAttempts: 1 }, beside: [{ id: 'b', action: 'ok' }] },
    );
    setImmediate(() => release.open());
    const { report } = await handled;
    expect(order).toEqual(['handling', 'handled']);
    expect(report.nodes['a']?.handler?.status).toBe('succeeded');
    expect(report.nodes['b']?.status).toBe('succeeded');
  });

  it('may use tokens, which count', async () => {
    const { report } = await setup({ execute: (ctx) => ctx.useTokens(5) });
    expect(report.metrics.tokens).toBe(5);
  });

  it('that is not registered is noticed before anything runs', async () => {
    await expect(
      setup({ execute: () => {} }, { node: { failure: 'handel' } }),
    ).rejects.toMatchObject({
      code: 'GRAPH_INVALID',
      message: expect.stringContaining("did you mean 'handle'?"),
    });
  });
});
