import type { JsonValue } from '@dagger/core';
import { expect, it } from 'vitest';
import type { TransportContract } from './contract.ts';
import { messagesTo, messageTo, numbers, openTransport, read, need } from './world.ts';

const VALUES: readonly JsonValue[] = [
  null,
  0,
  -1.5e300,
  '',
  'line\nbreak, "quotes", \u0000 and 🐜',
  [],
  {},
  { __proto__: null, deep: [[[{ a: [true, false] }]]], 'key with spaces': 'é' },
];

export const publishing = (contract: TransportContract): void => {
  it('hands over every message with all that it says', async () => {
    const transport = await openTransport(contract);
    const reader = await read(transport, 'g', 'work');
    const sent = [
      ...VALUES.map((payload) => messageTo('work', payload)),
      messageTo('work', 1, {
        source: 'agent',
        causationId: 'cause',
        correlationId: 'root',
        hops: 7,
        key: 'key / with : signs',
        traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
        headers: { tenant: 'acme', 'X-Other': 'ä 🐜 "x" \\ %' },
      }),
    ];
    for (const message of sent) await transport.publish([message]);
    await reader.until(sent.length);
    const got = new Map(reader.arrived.map(({ message }) => [message.id, message]));
    expect(sent.map(({ id }) => got.get(id))).toEqual(sent);
    expect(reader.arrived.every(({ message }) => Object.isFrozen(message))).toBe(true);
  });

  it('keeps the order in which one publisher published, for one reader at a time', async () => {
    const transport = await openTransport(contract);
    const reader = await read(transport, 'g', 'work', { maxInFlight: 1 });
    for (const message of messagesTo('work', 100)) await transport.publish([message]);
    await reader.until(100);
    expect(reader.payloads()).toEqual(numbers(100));
  });

  it('takes several messages at once, in order', async () => {
    const transport = await openTransport(contract);
    const reader = await read(transport, 'g', '>', { maxInFlight: 1 });
    const many = [...messagesTo('a', 20), ...messagesTo('b', 20)];
    await transport.publish(many);
    await reader.until(40);
    expect(reader.arrived.map(({ message }) => message.id)).toEqual(many.map(({ id }) => id));
  });

  it('publishes to a channel that nobody reads', async () => {
    const transport = await openTransport(contract);
    await transport.publish([messageTo('nobody', 1)]);
    const reader = await read(transport, 'g', 'work');
    await transport.publish([messageTo('work', 2)]);
    await reader.until(1);
    expect(reader.payloads()).toEqual([2]);
  });

  it('hands over what is large, or says clearly that it does not', async () => {
    const transport = await openTransport(contract);
    const reader = await read(transport, 'g', 'work');
    const large = messageTo('work', 'x'.repeat(2_000_000));
    const refused = await Promise.resolve(transport.publish([large])).then(
      () => undefined,
      (error: unknown) => error,
    );
    await transport.publish([messageTo('work', 'small')]);
    await reader.until(refused === undefined ? 2 : 1);
    const isThere = reader.payloads().includes(large.payload);
    const { code } = (refused ?? { code: 'none' }) as { readonly code?: string };
    expect([isThere, code]).toEqual(
      refused === undefined ? [true, 'none'] : [false, 'MESSAGE_INVALID'],
    );
  });

  it('takes a message whose id it knows already for the same one', async ({ skip }) => {
    need(contract.abilities.dedupe, skip);
    const transport = await openTransport(contract);
    const reader = await read(transport, 'g', 'work');
    const twice = messageTo('work', 1);
    await transport.publish([twice]);
    await transport.publish([twice, messageTo('work', 2)]);
    await reader.until(2);
    await transport.publish([messageTo('work', 3)]);
    await reader.until(3);
    expect(reader.arrived.map(({ message }) => message.payload)).toEqual([1, 2, 3]);
  });
};
