import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../test/clock.ts';
import { defineAction, type RetryPolicy } from '../actions/action.ts';
import { ActionRegistry } from '../actions/registry.ts';
import type { DagConfigInput } from '../config/model.ts';
import { NonRetryableError } from '../errors.ts';
import { DagExecutor } from '../executor/executor.ts';
import type { NodeDefinition } from '../graph/model.ts';
import type { NodeReport } from '../run/report.ts';

interface Setup {
  readonly node?: Partial<NodeDefinition>;
  readonly config?: DagConfigInput;
  readonly retry?: RetryPolicy;
  readonly random?: number;
  /** What the attempts throw, one after the other; after the last one the action succeeds. */
  readonly errors?: readonly unknown[];
}

/** Runs one node that fails as it is told, on a clock of its own. */
const setup = async ({
  node = {},
  config = {},
  retry,
  random = 0,
  errors,
}: Setup): Promise<{
  readonly report: NodeReport;
  /** Milliseconds from the start of the run to each attempt. */
  readonly times: readonly number[];
}> => {
  const clock = new ManualClock();
  const times: number[] = [];
  const left = errors === undefined ? undefined : [...errors];
  const action = defineAction({
    name: 'act',
    retry,
    execute: () => {
      times.push(clock.elapsed);
      if (left === undefined) throw new Error('always');
      if (left.length > 0) throw left.shift();
      return { done: true };
    },
  });
  const executor = await DagExecutor.open({
    registry: new ActionRegistry([action]),
    clock,
    ids: { runId: () => 'r', random: () => random },
    config: { onFailure: 'continue', retryJitter: false, ...config },
  });
  executor.add({ name: 'g', nodes: [{ id: 'a', action: 'act', ...node }] });
  const report = await clock.drive(executor.run('g'));
  return { report: report.nodes['a'] as NodeReport, times };
};

describe('the number of attempts', () => {
  it('is that of the config, three by default', async () => {
    expect((await setup({})).times).toHaveLength(3);
    expect((await setup({ config: { maxAttempts: 5 } })).times).toHaveLength(5);
  });

  it('is that of the action over the config, and that of the node over both', async () => {
    expect(
      (await setup({ retry: { attempts: 2 }, config: { maxAttempts: 5 } })).times,
    ).toHaveLength(2);
    expect((await setup({ retry: { attempts: 2 }, node: { tryCount: 4 } })).times).toHaveLength(4);
    expect((await setup({ retry: { attempts: 2 }, node: { tryCount: 1 } })).times).toHaveLength(1);
  });

  it('counts the one that succeeds', async () => {
    const { report } = await setup({ errors: [new Error('first')], node: { tryCount: 2 } });
    expect(report).toMatchObject({ status: 'succeeded', attempts: 2, outputs: { done: true } });
  });

  it('and every failure stand in the report', async () => {
    const { report } = await setup({
      errors: [new Error('first'), new Error('second'), new Error('third')],
    });
    expect(report).toMatchObject({ status: 'failed', attempts: 3, error: { message: 'third' } });
    expect(
      report.retries.map(({ attempt, error, delayMs }) => [attempt, error.message, delayMs]),
    ).toEqual([
      [1, 'first', 2_000],
      [2, 'second', 4_000],
    ]);
    expect(report.retries.map(({ failedAt }) => failedAt)).toEqual([
      '2026-01-01T00:00:00.000Z',
      '2026-01-01T00:00:02.000Z',
    ]);
  });
});

describe('the wait before a retry', () => {
  it.each<[string, DagConfigInput['retryStrategy'], readonly number[]]>([
    ['immediate: none', 'immediate', [0, 0, 0, 0, 0]],
    ['linear: the same each time', { type: 'linear', delay: 3 }, [0, 3, 6, 9, 12]],
    ['exponential: 2 s, doubled', 'exponential', [0, 2, 6, 14, 30]],
    [
      'exponential: as it is told, up to the longest',
      { type: 'exponential', initialDelay: 1, maxDelay: 5, multiplier: 3 },
      [0, 1, 4, 9, 14],
    ],
  ])('is %s', async (_, retryStrategy, seconds) => {
    const { times } = await setup({ config: { retryStrategy, maxAttempts: 5 } });
    expect(times.map((ms) => ms / 1_000)).toEqual(seconds);
  });

  it('is that of the action over the config', async () => {
    const { times } = await setup({ retry: { strategy: { type: 'linear', delay: 7 } } });
    expect(times).toEqual([0, 7_000, 14_000]);
  });

  it.each([
    [0, [0, 1_000, 3_000]],
    [0.5, [0, 1_500, 4_500]],
    [0.999_999, [0, 2_000, 6_000]],
  ])('lies, with jitter at %d, between half of it and the whole', async (random, expected) => {
    expect((await setup({ random, config: { retryJitter: true } })).times).toEqual(expected);
  });

  it('ends at maxRetryDuration, counted from the first attempt', async () => {
    const config: DagConfigInput = {
      maxAttempts: 10,
      maxRetryDuration: 10,
      retryStrategy: { type: 'linear', delay: 4 },
    };
    expect((await setup({ config })).times).toEqual([0, 4_000, 8_000]);
  });
});

describe('a failure is worth another attempt', () => {
  const timeout = (code: string): Error => Object.assign(new Error(code), { code });

  it('unless it says that it is not', async () => {
    const { report } = await setup({
      errors: [new NonRetryableError('bad request', { code: 'HTTP_400' })],
    });
    expect(report).toMatchObject({
      status: 'failed',
      attempts: 1,
      error: { code: 'HTTP_400', retryable: false },
    });
  });

  it('when its code or name is in the list of the action', async () => {
    const retry = { retryOn: ['ECONNRESET', 'TypeError'] };
    expect(
      (await setup({ retry, errors: [timeout('ECONNRESET'), new TypeError('x')] })).report.status,
    ).toBe('succeeded');
    expect((await setup({ retry, errors: [timeout('ENOENT')] })).report).toMatchObject({
      status: 'failed',
      attempts: 1,
    });
  });

  it('when the test of the action says so', async () => {
    const seen: string[] = [];
    const retryOn: RetryPolicy['retryOn'] = ({ message }) => seen.push(message) < 2;
    const { report } = await setup({
      retry: { retryOn },
      errors: [new Error('one'), new Error('two'), new Error('three')],
    });
    expect(report).toMatchObject({ status: 'failed', attempts: 2, error: { message: 'two' } });
    expect(seen).toEqual(['one', 'two']);
  });

  it('is the question to a test that throws: then the node fails, and the run ends as usual', async () => {
    const { report } = await setup({
      retry: {
        retryOn: () => {
          throw new Error('a mistake in the test');
        },
      },
      errors: [new Error('one')],
    });
    expect(report.status).toBe('failed');
  });
});
