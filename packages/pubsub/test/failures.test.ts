import { NonRetryableError } from '@dagger/core';
import { describe, expect, it } from 'vitest';
import { definePubSubAgent, type AnyPubSubAgent, type Message } from '../src/index.ts';
import { openBus, turn } from './bus.ts';

const failing = (times: number, more: Partial<AnyPubSubAgent> = {}): AnyPubSubAgent => {
  let left = times;
  return {
    name: 'flaky',
    subscriptions: ['work'],
    processMessage: () => {
      if (left-- > 0) throw new Error('not yet');
    },
    ...more,
  };
};

describe('an agent that fails', () => {
  it('is tried again after a delay that grows, and others go on meanwhile', async () => {
    const done: unknown[] = [];
    const { bus, clock } = await openBus([
      failing(2, { retry: { attempts: 3, strategy: { type: 'linear', delay: 10 } } }),
      {
        name: 'calm',
        subscriptions: ['work'],
        processMessage: (m: Message) => void done.push(m.payload),
      },
    ]);
    const running = bus.execute({ channel: 'work', message: 1 });
    await turn();
    expect(done).toEqual([1]);
    const { attempts, success } = await clock.advanceUntil(running);
    expect(success).toBe(true);
    const own = attempts.filter(({ agent }) => agent === 'flaky');
    expect(own.map(({ attempt, status }) => [attempt, status])).toEqual([
      [1, 'failed'],
      [2, 'failed'],
      [3, 'done'],
    ]);
    for (const i of [1, 2]) {
      const pause = (own[i]?.startedAt ?? 0) - (own[i - 1]?.startedAt ?? 0);
      expect(pause).toBeGreaterThanOrEqual(5_000);
      expect(pause).toBeLessThanOrEqual(10_000);
    }
  });

  it('leaves a dead letter that says who, why and of what', async () => {
    const letters: Message[] = [];
    const { bus, clock } = await openBus([
      failing(9, { retry: { attempts: 2, strategy: { type: 'immediate' } } }),
      {
        name: 'grave',
        subscriptions: ['dead.>'],
        processMessage: (m: Message) => void letters.push(m),
      },
    ]);
    const running = bus.execute({
      channel: 'work',
      message: { n: 1 },
      headers: { tenant: 'acme' },
    });
    const report = await clock.advanceUntil(running);
    expect(letters).toHaveLength(1);
    expect(letters[0]).toMatchObject({
      channel: 'dead.work',
      payload: { n: 1 },
      source: 'flaky',
      causationId: report.correlationId,
      headers: {
        tenant: 'acme',
        'dead-agent': 'flaky',
        'dead-attempts': '2',
        'dead-code': 'AGENT_FAILED',
        'dead-reason': 'not yet',
        'dead-message': report.correlationId,
      },
    });
    expect(report).toMatchObject({
      success: false,
      deadLetters: 1,
      error: { message: 'not yet' },
    });
  });

  it('is not tried again where that cannot help', async () => {
    const { bus } = await openBus([
      {
        name: 'a',
        subscriptions: ['work'],
        processMessage: () => {
          throw new NonRetryableError('never');
        },
      },
    ]);
    const { attempts } = await bus.execute({ channel: 'work', message: 1 });
    expect(attempts.map(({ status }) => status)).toEqual(['dead']);
  });

  it('leaves no dead letter of a dead letter', async () => {
    const { bus } = await openBus([
      failing(9, { retry: { attempts: 1 } }),
      {
        name: 'grave',
        subscriptions: ['dead.>'],
        retry: { attempts: 1 },
        processMessage: () => {
          throw new Error('full');
        },
      },
    ]);
    const report = await bus.execute({ channel: 'work', message: 1 });
    expect(report).toMatchObject({ messages: 2, deadLetters: 2, success: false });
  });

  it('holds up the messages of its key until it is done, and no others', async () => {
    const log: string[] = [];
    let failures = 1;
    const { bus, clock } = await openBus([
      definePubSubAgent<string>({
        name: 'a',
        subscriptions: ['work'],
        retry: { strategy: { type: 'linear', delay: 1 } },
        processMessage: ({ payload }) => {
          if (payload === 'x1' && failures-- > 0) throw new Error('once');
          log.push(payload);
        },
      }),
    ]);
    await bus.publish('work', 'x1', { key: 'x' });
    await bus.publish('work', 'x2', { key: 'x' });
    await bus.publish('work', 'y1', { key: 'y' });
    await turn();
    expect(log).toEqual(['y1']);
    await clock.advanceUntil(bus.idle());
    expect(log).toEqual(['y1', 'x1', 'x2']);
  });

  it('that takes too long has failed, and its signal is aborted', async () => {
    let aborted = false;
    const { bus, clock } = await openBus([
      {
        name: 'slow',
        subscriptions: ['work'],
        timeout: 5,
        retry: { attempts: 1 },
        processMessage: (_: Message, ctx: { readonly signal: AbortSignal }) => {
          ctx.signal.addEventListener('abort', () => (aborted = true));
          return new Promise(() => {});
        },
      },
    ]);
    const running = bus.execute({ channel: 'work', message: 1 });
    expect(await clock.advanceUntil(running)).toMatchObject({
      success: false,
      error: { code: 'ATTEMPT_TIMEOUT' },
    });
    expect(aborted).toBe(true);
  });
});
