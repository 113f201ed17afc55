import { describe, expect, it } from 'vitest';
import { settle } from '../../test/clock.ts';
import { gate } from '../../test/gate.ts';
import { DagExecutor } from '../executor/executor.ts';
import type { ExecutionEvent } from '../run/public-events.ts';
import type { RunReport } from '../run/report.ts';
import type { ActionContext } from './context.ts';
import type { LogLevel } from './logger.ts';
import { ActionRegistry } from './registry.ts';

type Line = readonly [level: LogLevel, message: string, fields: unknown];

/** Runs node `n` of graph `g` with the action. */
const setup = async (
  execute: (ctx: ActionContext) => unknown,
  signal?: AbortSignal,
): Promise<{
  readonly report: RunReport;
  readonly lines: Line[];
  readonly events: ExecutionEvent[];
}> => {
  const lines: Line[] = [];
  const events: ExecutionEvent[] = [];
  const executor = await DagExecutor.open({
    registry: new ActionRegistry([{ name: 'act', execute }]),
    appData: { region: 'eu' },
    logger: (...line) => void lines.push(line),
    config: { retryStrategy: 'immediate' },
  });
  executor.add({ name: 'g', nodes: [{ id: 'n', action: 'act' }] });
  const run = await executor.start('g', {
    runId: 'r-1',
    inputs: { x: 1 },
    ...(signal === undefined ? {} : { signal }),
  });
  run.events.subscribe((event) => void events.push(event));
  return { report: await run.done, lines, events };
};

describe('the context of an action', () => {
  it('tells the run, the graph, the node and what the application passed', async () => {
    let seen: unknown;
    await setup(({ runId, dagName, nodeId, appData, inputs, attempt }) => {
      seen = { runId, dagName, nodeId, appData, inputs, attempt };
    });
    expect(seen).toEqual({
      runId: 'r-1',
      dagName: 'g',
      nodeId: 'n',
      appData: { region: 'eu' },
      inputs: {},
      attempt: 1,
    });
  });

  it('counts the attempts, which share one idempotency key [P12]', async () => {
    const seen: [number, string][] = [];
    await setup(({ attempt, idempotencyKey }) => {
      seen.push([attempt, idempotencyKey]);
      if (attempt < 3) throw new Error('again');
    });
    expect(seen.map(([attempt]) => attempt)).toEqual([1, 2, 3]);
    expect(new Set(seen.map(([, key]) => key)).size).toBe(1);
    expect(seen[0]?.[1]).toContain('r-1');
  });

  it('has inputs that cannot be changed', async () => {
    const { report } = await setup((ctx) => {
      (ctx.inputs as { x?: number }).x = 2;
    });
    expect(report.nodes['n']?.error?.name).toBe('TypeError');
  });

  type Node = readonly [runId: string, id: string];

  it.each<readonly [Node, Node]>([
    [
      ['r', 'a'],
      ['r', 'b'],
    ],
    [
      ['r', 'a'],
      ['s', 'a'],
    ],
    [
      ['r/a', 'b'],
      ['r', 'a/b'],
    ],
  ])('has another idempotency key for node %s than for node %s', async (...nodes) => {
    const keys: string[] = [];
    const open = async (): Promise<DagExecutor> =>
      DagExecutor.open({
        registry: new ActionRegistry([
          { name: 'act', execute: (ctx) => void keys.push(ctx.idempotencyKey) },
        ]),
      });
    for (const [runId, id] of nodes) {
      const executor = await open();
      await executor.run(executor.add({ name: 'g', nodes: [{ id, action: 'act' }] }), { runId });
    }
    expect(new Set(keys).size).toBe(2);
  });
});

describe('the signal of an action', () => {
  it('is the same whenever it is asked for, and not aborted while all is well', async () => {
    const { report } = await setup(async ({ signal }) => {
      await settle(2);
      return { aborted: signal.aborted };
    });
    expect(report.nodes['n']?.outputs).toEqual({ aborted: false });
    const again = await setup((ctx) => ({ same: ctx.signal === ctx.signal }));
    expect(again.report.nodes['n']?.outputs).toEqual({ same: true });
  });

  it('is aborted with the reason, also when it is asked for after the cancellation', async () => {
    const cancel = new AbortController();
    const asked = gate();
    let late: AbortSignal | undefined;
    await setup(async (ctx) => {
      cancel.abort(new Error('enough'));
      await settle(2);
      late = ctx.signal;
      asked.open();
    }, cancel.signal);
    await asked.passed;
    expect(late?.aborted).toBe(true);
    expect(late?.reason).toMatchObject({ code: 'CANCELLED', message: 'cancelled: enough' });
  });
});

describe('what an action tells', () => {
  it('is logged with the fields of its attempt', async () => {
    const { lines } = await setup(({ log, attempt }) => {
      log.debug('d');
      log.info('i', { rows: 3 });
      log.warn('w');
      log.error('e');
      if (attempt === 1) throw new Error('again');
    });
    const own = { runId: 'r-1', dag: 'g', nodeId: 'n', attempt: 1 };
    expect(lines.slice(0, 4)).toEqual([
      ['debug', 'd', own],
      ['info', 'i', { ...own, rows: 3 }],
      ['warn', 'w', own],
      ['error', 'e', own],
    ]);
    expect(lines[4]?.[2]).toEqual({ ...own, attempt: 2 });
  });

  it('about its progress reaches the watchers, within 0 and 1', async () => {
    const { events } = await setup((ctx) => {
      ctx.progress(0.25, 'a quarter');
      ctx.progress(-1);
      ctx.progress(7);
      ctx.progress(NaN);
    });
    const progress = events.filter((event) => event.type === 'NodeProgress');
    expect(progress.map(({ fraction, message }) => [fraction, message])).toEqual([
      [0.25, 'a quarter'],
      [0, null],
      [1, null],
      [0, null],
    ]);
    expect(progress[0]).toMatchObject({ runId: 'r-1', dagName: 'g', nodeId: 'n', attempt: 1 });
  });

  it('about the tokens it used is added up, over failed attempts too', async () => {
    const { report } = await setup((ctx) => {
      ctx.useTokens(2);
      ctx.useTokens(3);
      if (ctx.attempt < 3) throw new Error('again');
    });
    expect(report.nodes['n']?.tokens).toBe(15);
    expect(report.metrics.tokens).toBe(15);
  });

  it.each([[-1], [NaN], [Infinity], ['5' as never]])(
    'about %s tokens fails the attempt',
    async (tokens) => {
      const { report } = await setup((ctx) => ctx.useTokens(tokens));
      expect(report.nodes['n']?.error).toMatchObject({
        code: 'ACTION_INVALID',
        message: expect.stringContaining('useTokens'),
      });
    },
  );
});
