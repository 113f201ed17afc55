import { expect, it } from 'vitest';
import type { TransportContract } from './contract.ts';
import { messageTo, messagesTo, numbers, openTransport, read, sorted } from './world.ts';

export const outputs = (contract: TransportContract): void => {
  it('are published with the acknowledgement', async () => {
    const transport = await openTransport(contract);
    const end = await read(transport, 'end', 'out.*');
    const reader = await read(transport, 'g', 'in', {
      handle: (delivery) => {
        const { payload, id } = delivery.message;
        return delivery.ack([
          messageTo('out.a', payload, { causationId: id }),
          messageTo('out.b', payload, { causationId: id }),
        ]);
      },
    });
    const sent = messagesTo('in', 30);
    for (const message of sent) await transport.publish([message]);
    await end.until(60);
    expect(reader.duplicates()).toBe(0);
    const causes = new Map(sent.map(({ id, payload }) => [id, payload]));
    for (const { message } of end.arrived)
      expect(causes.get(message.causationId ?? '')).toBe(message.payload);
    expect(sorted(end.payloads())).toEqual(sorted([...numbers(30), ...numbers(30)]));
  });

  it('go round as long as each handler publishes another one', async () => {
    const transport = await openTransport(contract);
    const reader = await read(transport, 'g', 'loop', {
      handle: (delivery) => {
        const left = Number(delivery.message.payload);
        return delivery.ack(left > 0 ? [messageTo('loop', left - 1)] : []);
      },
    });
    await transport.publish([messageTo('loop', 100)]);
    await reader.until(101);
    expect(sorted(reader.payloads())).toEqual(numbers(101));
  });
};
