import { SimulatedClock } from '../../../testing/src/simulated-clock.ts';
import { describe, expect, it } from 'vitest';
import type { PubSubContext } from '../agent/context.ts';
import { around, outcomes, PrivateContext } from './attempt.fixture.ts';
import type { Handler } from './middleware.ts';
import { timeout } from './timeout.ts';

const setup = (handler: Handler, clock = new SimulatedClock()) => {
  const ctx = new PrivateContext();
  const handle = around(timeout(2, { clock }), handler);
  return { clock, ctx, attempt: handle({}, ctx) };
};

const never = new Promise<never>(() => {});

describe('an attempt with a timeout', () => {
  it('ends as its handler does, and leaves no timer', async () => {
    const ended = setup(() => Promise.resolve('result'));
    expect(await ended.attempt).toBe('result');
    expect(ended.clock.nextDue).toBeUndefined();

    const failed = setup(() => Promise.reject(new Error('no')));
    await expect(failed.attempt).rejects.toThrow('no');
    expect(failed.clock.nextDue).toBeUndefined();

    const thrown = setup(() => {
      throw new Error('at once');
    });
    await expect(thrown.attempt).rejects.toThrow('at once');
    expect(thrown.clock.nextDue).toBeUndefined();
  });

  it('fails with ATTEMPT_TIMEOUT when its time is over, and not before', async () => {
    const { clock, attempt } = setup(() => never);
    const found = outcomes([attempt]);
    await clock.advance(1_999);
    expect(found).toEqual(['waiting']);
    await clock.advance(1);
    expect(found).toEqual(['ATTEMPT_TIMEOUT']);
    await expect(attempt).rejects.toMatchObject({
      message: "agent 'writer': the attempt took longer than 2 s",
      ids: { agent: 'writer' },
      recoverable: true,
    });
  });

  it('aborts the signal of its handler with that error, and not the one outside', async () => {
    let signal: AbortSignal | undefined;
    const { clock, ctx, attempt } = setup((_message, inner) => {
      signal = inner.signal;
      return never;
    });
    const failure = attempt.catch((error: unknown) => error);
    await clock.settle();
    expect(signal?.aborted).toBe(false);
    await clock.advance(2_000);
    expect(signal?.reason).toBe(await failure);
    expect(ctx.signal.aborted).toBe(false);
  });

  it('hands on that the attempt was aborted, before it began as well', async () => {
    const early = new PrivateContext();
    early.abort('stopped early');
    const reasons: unknown[] = [];
    const handle = around(timeout(2, { clock: new SimulatedClock() }), (_message, { signal }) => {
      reasons.push(signal.reason);
      signal.addEventListener('abort', () => reasons.push(signal.reason));
      return Promise.resolve();
    });
    await handle({}, early);
    const late = new PrivateContext();
    const attempt = handle({}, late);
    late.abort('stopped');
    await attempt;
    expect(reasons).toEqual(['stopped early', undefined, 'stopped']);
  });

  it('publishes what its handler publishes in time, and refuses what comes later', async () => {
    const refused: unknown[] = [];
    const publish = (inner: PubSubContext, payload: number): void => {
      try {
        inner.publish('done', payload);
      } catch (error) {
        refused.push(error);
      }
    };
    const clock = new SimulatedClock();
    const { ctx, attempt } = setup(async (_message, inner) => {
      publish(inner, 1);
      await clock.wait(3_000);
      publish(inner, 2);
      inner.useTokens(5);
    }, clock);
    const failure = attempt.catch((error: unknown) => error);
    await clock.advance(3_000);
    expect(ctx.published.map(({ payload }) => payload)).toEqual([1]);
    expect(refused).toEqual([await failure]);
    expect(ctx.tokens).toBe(5);
  });
});
