import { from, interval, map, take } from 'rxjs';
import { describe, expect, it } from 'vitest';
import {
  definePubSubAgent,
  type AnyPubSubAgent,
  type BusEvent,
  type Message,
} from '../src/index.ts';
import { openBus, turn } from './bus.ts';

const refunds = (seen: unknown[]): AnyPubSubAgent => ({
  name: 'payer',
  subscriptions: ['refund'],
  input: { type: 'object', required: ['amount'], properties: { amount: { type: 'number' } } },
  processMessage: (message: Message) => void seen.push([message.payload, message.hops]),
});
const asking: AnyPubSubAgent = definePubSubAgent({
  name: 'asking',
  subscriptions: ['complaint'],
  processMessage: (_, ctx) => ctx.publish('refund', { amount: 10 }),
});

describe('a channel that people look after', () => {
  it('holds its messages until somebody lets them through', async () => {
    const seen: unknown[] = [];
    const { bus } = await openBus([asking, refunds(seen)], {
      channels: { refund: { review: {} } },
    });
    const report = await bus.execute({ channel: 'complaint', message: 'too late' });
    expect(report).toMatchObject({ success: false, stopped: null, messages: 2 });
    expect(seen).toEqual([]);
    const [review] = await bus.reviews();
    expect(report.waiting).toEqual([review?.message.id]);
    await bus.approve(review?.message.id ?? '');
    await bus.idle();
    expect(seen).toEqual([[{ amount: 10 }, 1]]);
    expect(bus.report(report.correlationId)).toMatchObject({
      success: true,
      messages: 2,
      waiting: [],
    });
    expect(await bus.reviews()).toEqual([]);
  });

  it('lets another payload through, which the held message caused', async () => {
    const seen: unknown[] = [];
    const { bus } = await openBus([refunds(seen)], { channels: { refund: { review: {} } } });
    const held = await bus.publish('refund', { amount: 1_000 });
    await expect(bus.approve(held.id, { payload: { amount: 'x' } })).rejects.toMatchObject({
      code: 'MESSAGE_INVALID',
    });
    const edited = await bus.approve(held.id, { payload: { amount: 5 } });
    await bus.idle();
    expect(seen).toEqual([[{ amount: 5 }, 1]]);
    expect(edited).toMatchObject({ causationId: held.id, correlationId: held.id });
  });

  it('makes dead letters of what is rejected', async () => {
    const seen: unknown[] = [];
    const { bus } = await openBus(
      [
        refunds(seen),
        {
          name: 'grave',
          subscriptions: ['dead.refund'],
          processMessage: (m: Message) => void seen.push(m.headers['dead-reason']),
        },
      ],
      { channels: { '*': { review: {} } } },
    );
    const held = await bus.publish('refund', { amount: 1 });
    await bus.reject(held.id, 'no receipt');
    await bus.idle();
    expect(seen).toEqual(['rejected by a person: no receipt']);
    await expect(bus.approve(held.id)).rejects.toMatchObject({ code: 'REVIEW_UNKNOWN' });
  });

  it('goes on by itself after a while where it is told so, or says that it is overdue', async () => {
    const seen: unknown[] = [];
    const told: string[] = [];
    const { bus, clock } = await openBus([refunds(seen)], {
      channels: {
        refund: { review: { wait: 60, onTimeout: 'autopilot' } },
        slow: { review: { wait: 60 } },
      },
    });
    bus.events.subscribe((event: BusEvent) => {
      if (event.type === 'ReviewDecided') told.push(event.decision);
    });
    await bus.publish('refund', { amount: 1 });
    await bus.publish('slow', 1);
    await clock.advance(60_000);
    await bus.idle();
    expect(seen).toHaveLength(1);
    expect(told).toEqual(['autopilot', 'overdue']);
    expect((await bus.reviews()).map(({ overdue }) => overdue)).toEqual([true]);
  });
});

describe('the face for RxJS', () => {
  it('shows the messages of a channel or pattern, causes before effects', async () => {
    const seen: string[] = [];
    const { bus } = await openBus([]);
    bus.channel('a.>').messages$.subscribe(({ channel, payload }) => {
      seen.push(`first: ${channel}`);
      if (payload === 1) void bus.publish('a.effect', 2);
    });
    bus
      .channel('a.*')
      .messages$.pipe(map(({ channel }) => `second: ${channel}`))
      .subscribe((line) => seen.push(line));
    await bus.publish('a.cause', 1);
    await turn();
    expect(seen).toEqual([
      'first: a.cause',
      'second: a.cause',
      'first: a.effect',
      'second: a.effect',
    ]);
  });

  it('publishes what an observable gives, in order, waiting for room', async () => {
    const seen: unknown[] = [];
    const { bus } = await openBus([
      definePubSubAgent({
        name: 'slow',
        subscriptions: ['ticks'],
        concurrency: 1,
        capacity: 1,
        async processMessage({ payload }) {
          await turn();
          seen.push(payload);
        },
      }),
    ]);
    await bus.from(from([1, 2, 3, 4, 5]), 'ticks').done;
    await bus.idle();
    expect(seen).toEqual([1, 2, 3, 4, 5]);
    const ended = bus.from(interval(1).pipe(take(2)), 'ticks');
    await ended.done;
    await bus.idle();
    expect(seen).toHaveLength(7);
  });

  it('ends the source where a message is refused', async () => {
    const { bus } = await openBus([]);
    await expect(bus.from(from([1, Number.NaN]), 'ticks').done).rejects.toMatchObject({
      code: 'NOT_JSON',
    });
  });

  it('completes when the bus is closed', async () => {
    let isComplete = false;
    const { bus } = await openBus([]);
    bus.channel('a').messages$.subscribe({ complete: () => (isComplete = true) });
    await bus.close();
    expect(isComplete).toBe(true);
  });
});

describe('a message that is let through where there is no room', () => {
  it('goes on waiting for a person', async () => {
    let release!: () => void;
    const busy = new Promise<void>((resolve) => (release = resolve));
    const seen: unknown[] = [];
    const { bus } = await openBus(
      [
        {
          name: 'full',
          subscriptions: ['refund', 'other'],
          concurrency: 1,
          capacity: 1,
          overflow: 'error',
          processMessage: async ({ payload }: Message) => {
            seen.push(payload);
            await busy;
          },
        },
      ],
      { channels: { refund: { review: {} } } },
    );
    const held = await bus.publish('refund', 1);
    await bus.publish('other', 2);
    await bus.publish('other', 3);
    await expect(bus.approve(held.id)).rejects.toMatchObject({ code: 'CHANNEL_FULL' });
    await expect(bus.reject(held.id, 'no')).resolves.toBeUndefined();
    const again = await bus.publish('refund', 4);
    release();
    await turn();
    await bus.approve(again.id);
    await bus.idle();
    expect(seen).toEqual([2, 3, 4]);
    expect(bus.report(again.id)).toMatchObject({ success: true, messages: 1, waiting: [] });
  });
});
