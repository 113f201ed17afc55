import { expect, test } from 'vitest';
import type { Message } from '../message/message.ts';
import { MemoryTransport } from './memory.ts';
import type { Delivery, SubscribeOptions } from './transport.ts';

const message = (id: string, channel = 'work', source: string | null = null): Message =>
  Object.freeze({
    id,
    channel,
    source,
    time: 0,
    payload: id,
    headers: {},
    causationId: null,
    correlationId: id,
    hops: 0,
    key: null,
    traceparent: null,
  });

const settings = (
  group: string,
  patterns: readonly string[],
  capacity: number,
): SubscribeOptions => ({
  patterns,
  group,
  from: 'new',
  maxInFlight: 1,
  capacity,
  overflow: 'block',
  exceptFrom: new Set(),
  dropped: () => {},
});

/** A reader that keeps what it is given until it is told otherwise. */
const reader = async (
  transport: MemoryTransport,
  options: SubscribeOptions,
): Promise<{ readonly seen: string[]; readonly next: () => Delivery }> => {
  const seen: string[] = [];
  const deliveries: Delivery[] = [];
  await transport.subscribe(options, (delivery) => {
    seen.push(delivery.message.id);
    deliveries.push(delivery);
  });
  return { seen, next: () => deliveries.shift() as Delivery };
};

const settled = async (): Promise<void> => {
  for (let i = 0; i < 10; i++) await Promise.resolve();
};

test('those who wait for room are let in in their order, and nobody passes them', async () => {
  const transport = new MemoryTransport();
  const { seen, next } = await reader(transport, settings('g', ['work'], 1));
  const told: string[] = [];
  const publish = (id: string): void =>
    void Promise.resolve(transport.publish([message(id)])).then(() => told.push(id));
  for (const id of ['1', '2', '3', '4']) publish(id);
  await settled();
  expect(told).toEqual(['1', '2']);
  void next().ack([]);
  publish('5');
  await settled();
  expect(told).toEqual(['1', '2', '3']);
  for (let i = 0; i < 4; i++) {
    void next().ack([]);
    await settled();
  }
  expect(told).toEqual(['1', '2', '3', '4', '5']);
  expect(seen).toEqual(['1', '2', '3', '4', '5']);
});

test('outputs of a handler are let in before what is from outside', async () => {
  const transport = new MemoryTransport();
  const { seen, next } = await reader(transport, settings('g', ['work'], 1));
  const source = await reader(transport, settings('source', ['in'], 10));
  void transport.publish([message('first')]);
  void transport.publish([message('second')]);
  void transport.publish([message('outside')]);
  void transport.publish([message('cause', 'in')]);
  void source.next().ack([message('output')]);
  for (let i = 0; i < 4; i++) {
    void next().ack([]);
    await settled();
  }
  expect(seen).toEqual(['first', 'second', 'output', 'outside']);
});

test('whoever no longer wants to publish is not let in, and those behind him are', async () => {
  const transport = new MemoryTransport();
  const { seen, next } = await reader(transport, settings('g', ['work'], 1));
  const controller = new AbortController();
  void transport.publish([message('1')]);
  void transport.publish([message('2')]);
  const given = transport.publish([message('3')], controller.signal);
  void transport.publish([message('4')]);
  controller.abort(new Error('changed my mind'));
  await expect(given).rejects.toThrow('changed my mind');
  for (let i = 0; i < 3; i++) {
    void next().ack([]);
    await settled();
  }
  expect(seen).toEqual(['1', '2', '4']);
});

test('a message that waits for two groups is let in when both have room', async () => {
  const transport = new MemoryTransport();
  const one = await reader(transport, settings('one', ['work'], 1));
  const other = await reader(transport, settings('other', ['work'], 1));
  void transport.publish([message('1')]);
  void transport.publish([message('2')]);
  const last = transport.publish([message('3')]);
  void one.next().ack([]);
  await settled();
  expect(one.seen).toEqual(['1', '2']);
  void other.next().ack([]);
  await last;
  void one.next().ack([]);
  void other.next().ack([]);
  expect([one.seen, other.seen]).toEqual([
    ['1', '2', '3'],
    ['1', '2', '3'],
  ]);
});

test('a message of a tree is found while it waits, and while it waits to be let in', async () => {
  const transport = new MemoryTransport();
  await reader(transport, settings('g', ['work'], 1));
  for (const id of ['handled', 'waiting', 'outside']) void transport.publish([message(id)]);
  expect(transport.find('handled')).toBeUndefined();
  expect(transport.find('waiting')?.id).toBe('waiting');
  expect(transport.find('outside')?.id).toBe('outside');
});
