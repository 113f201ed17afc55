import { describe, expect, it } from 'vitest';
import {
  definePubSubAgent,
  type AnyPubSubAgent,
  type BusEvent,
  type Overflow,
} from '../src/index.ts';
import { openBus, turn } from './bus.ts';

/** An agent that handles one message at a time, and only when it is let. */
const gated = (
  overflow: Overflow | undefined,
  seen: unknown[],
): { readonly agent: AnyPubSubAgent; readonly open: () => void } => {
  let open!: () => void;
  const gate = new Promise<void>((resolve) => (open = resolve));
  const agent = definePubSubAgent({
    name: 'slow',
    subscriptions: ['work'],
    concurrency: 1,
    capacity: 2,
    ...(overflow === undefined ? {} : { overflow }),
    async processMessage({ payload }) {
      await gate;
      seen.push(payload);
    },
  });
  return { agent, open };
};

describe('a message for which there is no room', () => {
  it('waits, by default', async () => {
    const seen: unknown[] = [];
    const { agent, open } = gated(undefined, seen);
    const { bus } = await openBus([agent]);
    // One is being handled, two wait.
    for (const n of [1, 2, 3]) await bus.publish('work', n);
    let isPublished = false;
    const fourth = bus.publish('work', 4).then(() => (isPublished = true));
    await turn();
    expect(isPublished).toBe(false);
    open();
    await fourth;
    await bus.idle();
    expect(seen).toEqual([1, 2, 3, 4]);
  });

  it('stops waiting when its publisher gives up', async () => {
    const { agent } = gated('block', []);
    const { bus } = await openBus([agent]);
    for (const n of [1, 2, 3]) await bus.publish('work', n);
    const controller = new AbortController();
    const fourth = bus.publish('work', 4, { signal: controller.signal });
    controller.abort(new Error('no patience'));
    await expect(fourth).rejects.toThrow('no patience');
  });

  it.each<[Overflow, readonly number[], readonly number[]]>([
    ['dropOldest', [1, 4, 5], [2, 3]],
    ['dropNewest', [1, 2, 3], [4, 5]],
  ])('is dropped, and an event tells so: %s', async (overflow, handled, dropped) => {
    const seen: unknown[] = [];
    const told: unknown[] = [];
    const { agent, open } = gated(overflow, seen);
    const { bus } = await openBus([agent]);
    bus.events.subscribe((event: BusEvent) => {
      if (event.type === 'MessageDropped') told.push(event.message.payload);
    });
    for (const n of [1, 2, 3, 4, 5]) await bus.publish('work', n);
    open();
    await bus.idle();
    expect(seen).toEqual(handled);
    expect(told).toEqual(dropped);
  });

  it('is refused, and nobody receives it: error', async () => {
    const seen: unknown[] = [];
    const others: unknown[] = [];
    const { agent, open } = gated('error', seen);
    const { bus } = await openBus([
      {
        name: 'other',
        subscriptions: ['work'],
        processMessage: (m: { readonly payload: unknown }) => void others.push(m.payload),
      },
      agent,
    ]);
    for (const n of [1, 2, 3]) await bus.publish('work', n);
    await expect(bus.publish('work', 4)).rejects.toMatchObject({
      code: 'CHANNEL_FULL',
      message: "no room in 'work': 2 messages wait for 'slow', and 2 may",
    });
    open();
    await bus.idle();
    expect(seen).toEqual([1, 2, 3]);
    expect(others).toEqual([1, 2, 3]);
  });

  it('counts in the report of its tree', async () => {
    const { bus } = await openBus([
      definePubSubAgent({
        name: 'burst',
        subscriptions: ['in'],
        processMessage: (_, ctx) => {
          for (let n = 0; n < 10; n++) ctx.publish('work', n);
        },
      }),
      definePubSubAgent({
        name: 'slow',
        subscriptions: ['work'],
        concurrency: 1,
        capacity: 2,
        overflow: 'dropNewest',
        processMessage: () => turn(),
      }),
    ]);
    expect(await bus.execute({ channel: 'in', message: 1 })).toMatchObject({
      success: false,
      messages: 11,
      dropped: 7,
      attemptCount: 4,
    });
  });

  it('is an error of the handler where all wait for room that only they could make', async () => {
    const { bus, clock } = await openBus([
      definePubSubAgent<number, number>({
        name: 'loop',
        subscriptions: ['loop'],
        receiveOwn: true,
        concurrency: 2,
        capacity: 2,
        retry: { attempts: 1 },
        processMessage: ({ payload }, ctx) => {
          for (let i = 0; i < 3; i++) if (payload > 0) ctx.publish('loop', payload - 1);
        },
      }),
    ]);
    const report = await clock.advanceUntil(bus.execute({ channel: 'loop', message: 4 }));
    expect(report.success).toBe(false);
    expect(report.attempts.some(({ error }) => error?.code === 'CHANNEL_DEADLOCK')).toBe(true);
  });

  it('is none where somebody who is at work will make room', async () => {
    const failures: unknown[] = [];
    let open!: () => void;
    const gate = new Promise<void>((resolve) => (open = resolve));
    const { bus } = await openBus([
      definePubSubAgent<number, number>({
        name: 'writer',
        subscriptions: ['in'],
        concurrency: 1,
        processMessage: ({ payload }, ctx) => ctx.publish('work', payload),
      }),
      definePubSubAgent({
        name: 'slow',
        subscriptions: ['work'],
        concurrency: 1,
        capacity: 1,
        processMessage: () => gate,
      }),
    ]);
    bus.events.subscribe((event: BusEvent) => {
      if (event.type === 'AttemptEnded') failures.push(event.attempt.error);
    });
    for (const n of [1, 2, 3]) await bus.publish('in', n);
    await turn();
    open();
    await bus.idle();
    expect(failures).toEqual(Array.from({ length: 6 }, () => null));
  });
});
