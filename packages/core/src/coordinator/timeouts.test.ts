import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock, settle } from '../../test/clock.ts';
import { gate } from '../../test/gate.ts';
import type { AnyAction } from '../actions/action.ts';
import { ActionRegistry } from '../actions/registry.ts';
import type { DagConfigInput } from '../config/model.ts';
import { DagExecutor } from '../executor/executor.ts';
import type { NodeDefinition } from '../graph/model.ts';

const setup = async (
  actions: readonly AnyAction[],
  nodes: readonly NodeDefinition[],
  config: DagConfigInput = {},
): Promise<{ readonly executor: DagExecutor; readonly clock: ManualClock }> => {
  const clock = new ManualClock();
  const executor = await DagExecutor.open({
    registry: new ActionRegistry(actions),
    clock,
    config: { onFailure: 'continue', retryStrategy: 'immediate', ...config },
  });
  executor.add({ name: 'g', nodes });
  return { executor, clock };
};

/** An action that ends when its signal does, and tells why. */
const patient = (reasons: unknown[] = []): AnyAction => ({
  name: 'patient',
  execute: ({ signal }) =>
    new Promise((_, reject) =>
      signal.addEventListener('abort', () => {
        reasons.push(signal.reason);
        reject(signal.reason as Error);
      }),
    ),
});

const unhandled: unknown[] = [];
const note = (reason: unknown): void => void unhandled.push(reason);
beforeEach(() => {
  unhandled.length = 0;
  process.on('unhandledRejection', note);
});
afterEach(() => {
  process.off('unhandledRejection', note);
  // oxlint-disable-next-line vitest/no-standalone-expect -- what every test of this file promises
  expect(unhandled).toEqual([]);
});

describe('the timeout of a node', () => {
  it('aborts the signal of the attempt, and counts as a failed attempt', async () => {
    const reasons: unknown[] = [];
    const { executor, clock } = await setup(
      [patient(reasons)],
      [{ id: 'a', action: 'patient', timeout: 30, tryCount: 2 }],
    );
    const report = await clock.drive(executor.run('g'));
    expect(report.nodes['a']).toMatchObject({
      status: 'failed',
      attempts: 2,
      error: { code: 'NODE_TIMEOUT', message: 'the attempt took longer than 30 s' },
    });
    expect(report.nodes['a']?.retries).toMatchObject([
      { attempt: 1, error: { code: 'NODE_TIMEOUT' } },
    ]);
    expect(reasons).toMatchObject([{ code: 'NODE_TIMEOUT' }, { code: 'NODE_TIMEOUT' }]);
    expect(clock.elapsed).toBe(60_000);
  });

  it('is that of the action where the node has none', async () => {
    const action = { ...patient(), timeout: 5 };
    const { executor, clock } = await setup(
      [action],
      [
        { id: 'a', action: 'patient', tryCount: 1 },
        { id: 'b', action: 'patient', tryCount: 1, timeout: 2 },
      ],
    );
    const report = await clock.drive(executor.run('g'));
    expect([report.nodes['a']?.durationMs, report.nodes['b']?.durationMs]).toEqual([5_000, 2_000]);
  });

  it('does not touch an attempt that ended in time', async () => {
    const signals: AbortSignal[] = [];
    const { executor, clock } = await setup(
      [{ name: 'quick', execute: (ctx) => void signals.push(ctx.signal) }, patient()],
      [
        { id: 'a', action: 'quick', timeout: 1 },
        { id: 'b', action: 'patient', timeout: 10, tryCount: 1 },
      ],
    );
    const report = await clock.drive(executor.run('g'));
    expect(report.nodes['a']?.status).toBe('succeeded');
    expect(signals[0]?.aborted).toBe(false);
  });

  it.each(['resolves', 'rejects'])(
    'abandons an action that ignores its signal: when it later %s, nobody hears of it [P14]',
    async (how) => {
      const late = gate();
      const ignorant: AnyAction = {
        name: 'ignorant',
        execute: async ({ attempt }) => {
          if (attempt === 2) return { from: 2 };
          await late.passed;
          if (how === 'rejects') throw new Error('late');
          return { from: 1 };
        },
      };
      const { executor, clock } = await setup(
        [ignorant, patient()],
        [
          { id: 'a', action: 'ignorant', timeout: 1 },
          { id: 'b', action: 'patient', timeout: 5, tryCount: 1 },
        ],
      );
      const run = await executor.start('g');
      await clock.advance(2_000);
      late.open();
      await settle();
      const report = await clock.drive(run.done);
      expect(report.nodes['a']).toMatchObject({
        status: 'succeeded',
        attempts: 2,
        outputs: { from: 2 },
      });
    },
  );

  it('and an action that never ends do not keep the run from ending', async () => {
    const { executor, clock } = await setup(
      [{ name: 'never', execute: () => new Promise(() => {}) }],
      [{ id: 'a', action: 'never', timeout: 1, tryCount: 3 }],
    );
    expect((await clock.drive(executor.run('g'))).nodes['a']).toMatchObject({
      status: 'failed',
      attempts: 3,
    });
  });

  it('drops the cache writes of the attempt [P17]', async () => {
    const slow: AnyAction = {
      name: 'slow',
      execute: async ({ cache, attempt }) => {
        cache.appendGlobal('log', 'lines', attempt);
        cache.insert('own', attempt);
        if (attempt === 1) await new Promise(() => {});
        return {};
      },
    };
    const read: AnyAction = {
      name: 'read',
      execute: ({ cache }) => ({
        lines: cache.getGlobal('log', 'lines') ?? [],
        own: cache.get('a', 'own') ?? null,
      }),
    };
    const { executor, clock } = await setup(
      [slow, read],
      [
        { id: 'a', action: 'slow', timeout: 1 },
        { id: 'b', action: 'read', dependencies: ['a'] },
      ],
    );
    expect((await clock.drive(executor.run('g'))).nodes['b']?.outputs).toEqual({
      lines: [2],
      own: 2,
    });
  });
});

describe('the timeout of a run', () => {
  it('ends the run as timed out: what runs gets its signal, and nothing new starts', async () => {
    const reasons: unknown[] = [];
    const { executor, clock } = await setup(
      [patient(reasons), { name: 'next', execute: () => {} }],
      [
        { id: 'a', action: 'patient' },
        { id: 'b', action: 'next', dependencies: ['a'] },
      ],
      { timeoutSeconds: 60 },
    );
    const report = await clock.drive(executor.run('g'));
    expect(report).toMatchObject({
      status: 'timed_out',
      success: false,
      error: { code: 'RUN_TIMEOUT' },
      durationMs: 60_000,
    });
    expect(report.nodes['a']).toMatchObject({ status: 'cancelled', attempts: 1 });
    expect(report.nodes['b']).toMatchObject({ status: 'pending', attempts: 0 });
    expect(reasons).toMatchObject([{ code: 'RUN_TIMEOUT' }]);
  });

  it('waits the grace time for actions that do not listen, and no longer', async () => {
    const { executor, clock } = await setup(
      [{ name: 'never', execute: () => new Promise(() => {}) }],
      [{ id: 'a', action: 'never' }],
      { timeoutSeconds: 60, gracePeriod: 7 },
    );
    const report = await clock.drive(executor.run('g'));
    expect(report).toMatchObject({ status: 'timed_out', durationMs: 67_000 });
    expect(report.nodes['a']).toMatchObject({
      status: 'cancelled',
      reason: 'timed_out; did not end within the grace time',
    });
  });

  it('calls off the waits of retries', async () => {
    const { executor, clock } = await setup(
      [
        {
          name: 'broken',
          execute: () => {
            throw new Error('no');
          },
        },
      ],
      [{ id: 'a', action: 'broken' }],
      { timeoutSeconds: 10, retryStrategy: { type: 'linear', delay: 1_000 } },
    );
    const report = await clock.drive(executor.run('g'));
    expect(report).toMatchObject({ status: 'timed_out', durationMs: 10_000 });
    expect(report.nodes['a']).toMatchObject({ status: 'cancelled', attempts: 1 });
  });
});
