import { expect, it } from 'vitest';
import type { TransportContract } from './contract.ts';
import { messagesTo, numbers, openTransport, read, sorted } from './world.ts';

export const redelivery = (contract: TransportContract): void => {
  it('brings back what was given back, with the next number of the attempt', async () => {
    const transport = await openTransport(contract);
    const attempts: (readonly [unknown, number])[] = [];
    const reader = await read(transport, 'g', 'work', {
      handle: (delivery) => {
        attempts.push([delivery.message.payload, delivery.attempt]);
        return delivery.message.payload === 0 && delivery.attempt < 3
          ? delivery.nack(1)
          : delivery.ack([]);
      },
    });
    await transport.publish(messagesTo('work', 2));
    await reader.until(2);
    await untilTrue(() => attempts.some(([payload, attempt]) => payload === 0 && attempt === 3));
    expect(attempts.filter(([payload]) => payload === 0).map(([, attempt]) => attempt)).toEqual([
      1, 2, 3,
    ]);
    expect(attempts.filter(([payload]) => payload === 1)).toEqual([[1, 1]]);
  });

  it('goes on with the others meanwhile', async () => {
    const transport = await openTransport(contract);
    const reader = await read(transport, 'g', 'work', {
      maxInFlight: 1,
      // For longer than the test runs.
      handle: (delivery) =>
        delivery.message.payload === 0 ? delivery.nack(3_600_000) : delivery.ack([]),
    });
    await transport.publish(messagesTo('work', 20));
    await reader.until(20);
    expect(sorted(reader.payloads())).toEqual(numbers(20));
  });

  it('reaches the next reader after many that failed', async () => {
    const transport = await openTransport(contract);
    for (let i = 0; i < 3; i++) {
      let failures = 0;
      const failing = await read(transport, 'g', 'work', {
        from: 'new',
        handle: (delivery) => {
          failures++;
          return delivery.nack(0);
        },
      });
      if (i === 0) await transport.publish(messagesTo('work', 20));
      await untilTrue(() => failures >= 10);
      await failing.stop();
    }
    const good = await read(transport, 'g', 'work');
    await good.until(20);
    expect(sorted(good.payloads())).toEqual(numbers(20));
  });

  it('happens no more after the acknowledgement, however often that is said', async () => {
    const transport = await openTransport(contract);
    const reader = await read(transport, 'g', 'work', {
      handle: async (delivery) => {
        await delivery.ack([]);
        await delivery.ack([]);
        await delivery.nack(0);
      },
    });
    await transport.publish(messagesTo('work', 5));
    await reader.until(5);
    await transport.publish(messagesTo('work', 1));
    await reader.until(6);
    expect(reader.arrived).toHaveLength(6);
  });
};

/** Waits for something that others do, looking from turn to turn. */
const untilTrue = async (isTrue: () => boolean): Promise<void> => {
  while (!isTrue()) await new Promise((resolve) => setImmediate(resolve));
};
