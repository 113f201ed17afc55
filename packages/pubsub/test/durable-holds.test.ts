import { sqlite } from '@dagger/sqlite';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { SimulatedClock } from '../../testing/src/simulated-clock.ts';
import {
  definePubSubAgent,
  PubSubExecutor,
  StorageTransport,
  type AnyPubSubAgent,
  type BusEvent,
  type PubSubOptions,
} from '../src/index.ts';

const file = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'dagger-pubsub-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'bus.db');
};

const open = async (
  path: string,
  agents: readonly AnyPubSubAgent[],
  options: PubSubOptions = {},
): Promise<PubSubExecutor> => {
  const storage = sqlite(path);
  const { clock } = options;
  const bus = await PubSubExecutor.open({
    agents,
    channels: { refund: { review: {} } },
    ...options,
    transport: await StorageTransport.open({ storage, clock }),
  });
  onTestFinished(async () => {
    await bus.close({ drainSeconds: 0 });
    await storage.close();
  });
  return bus;
};

const asking = definePubSubAgent<string, number>({
  name: 'asking',
  subscriptions: ['complaint'],
  processMessage: ({ payload }, ctx) => ctx.publish('refund', payload.length),
});
const payer = (seen: unknown[]): AnyPubSubAgent =>
  definePubSubAgent({
    name: 'payer',
    subscriptions: ['refund'],
    processMessage: ({ payload }) => void seen.push(payload),
  });

describe('a message that waits for a person on durable channels', () => {
  it('waits on when the bus is closed, and the next one lets it through', async () => {
    const seen: unknown[] = [];
    const path = file();
    const before = await open(path, [asking, payer(seen)]);
    const report = await before.execute({ channel: 'complaint', message: 'late' });
    const [review] = await before.reviews();
    expect(report).toMatchObject({ success: false, waiting: [review?.message.id] });
    await before.close();

    const after = await open(path, [asking, payer(seen)]);
    expect(await after.reviews()).toEqual([review]);
    expect(seen).toEqual([]);
    await after.approve(review?.message.id ?? '');
    await after.idle();
    expect(seen).toEqual([4]);
    expect(await after.reviews()).toEqual([]);
    await expect(after.approve(review?.message.id ?? '')).rejects.toMatchObject({
      code: 'REVIEW_UNKNOWN',
    });
    const entries = await after.trace(report.correlationId);
    expect(
      entries.map(({ message, attempts }) => [
        message.channel,
        attempts.map(({ agent, status }) => `${agent} ${status}`),
      ]),
    ).toEqual([
      ['complaint', ['asking done']],
      ['refund', ['payer done']],
    ]);
  });

  it('is decided on by another process, and whoever held it waits for it no more', async () => {
    const seen: unknown[] = [];
    const path = file();
    const holder = await open(path, [asking, payer(seen)]);
    const desk = await open(path, []);
    const { correlationId } = await holder.execute({ channel: 'complaint', message: 'broken' });
    const [review] = await desk.reviews();
    await desk.approve(review?.message.id ?? '', { payload: 3 });
    expect(await holder.reviews()).toEqual([]);
    expect(holder.report(correlationId)?.waiting).toEqual([]);
    await holder.idle();
    expect(seen).toEqual([3]);
    const [, held, edited] = await desk.trace(correlationId);
    expect(held?.message.id).toBe(review?.message.id);
    expect(edited?.message).toMatchObject({ payload: 3, causationId: review?.message.id });
  });

  it('that is rejected is a dead letter, with its reason', async () => {
    const path = file();
    const bus = await open(path, [asking, payer([])]);
    const { correlationId } = await bus.execute({ channel: 'complaint', message: 'ugly' });
    const [review] = await bus.reviews();
    await bus.reject(review?.message.id ?? '', 'no receipt');
    await bus.idle();
    const [, held, letter] = await bus.trace(correlationId);
    expect(held?.message).toEqual(review?.message);
    expect(letter?.message).toMatchObject({
      channel: 'dead.refund',
      causationId: review?.message.id,
      headers: { 'dead-reason': 'rejected by a person: no receipt' },
    });
  });

  it('goes on by itself when its time is over, also where nobody was there then', async () => {
    const seen: unknown[] = [];
    const told: string[] = [];
    const path = file();
    const channels: PubSubOptions['channels'] = {
      refund: { review: { wait: 3_600, onTimeout: 'autopilot' } },
    };
    const clock = new SimulatedClock();
    const before = await open(path, [asking, payer(seen)], { channels, clock });
    await clock.advanceUntil(before.execute({ channel: 'complaint', message: 'late' }));
    await clock.advanceUntil(before.close());
    await clock.advance(7_200_000);

    const after = await open(path, [], { channels, clock });
    const payed = await open(path, [payer(seen)], { channels, clock });
    after.events.subscribe((event: BusEvent) => {
      if (event.type === 'ReviewDecided') told.push(event.decision);
    });
    await clock.advance(1);
    await clock.advanceUntil(payed.idle());
    await clock.advanceUntil(
      (async () => {
        while (seen.length === 0) await new Promise<void>((ok) => void clock.after(100, ok));
      })(),
    );
    expect(seen).toEqual([4]);
  });

  it('goes on waiting where there is no room for it', async () => {
    const path = file();
    let release!: () => void;
    const busy = new Promise<void>((resolve) => (release = resolve));
    const bus = await open(path, [
      definePubSubAgent({
        name: 'full',
        subscriptions: ['refund', 'other'],
        concurrency: 1,
        capacity: 1,
        overflow: 'error',
        processMessage: () => busy,
      }),
    ]);
    const held = await bus.publish('refund', 1);
    await bus.publish('other', 2);
    await expect(bus.approve(held.id)).rejects.toMatchObject({ code: 'CHANNEL_FULL' });
    expect(await bus.reviews()).toMatchObject([{ message: { id: held.id } }]);
    release();
    await bus.idle();
    await bus.approve(held.id);
    await bus.idle();
    expect(bus.report(held.id)).toMatchObject({ success: true, messages: 1, waiting: [] });
  });
});
