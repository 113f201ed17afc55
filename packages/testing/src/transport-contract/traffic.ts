import { expect, it } from 'vitest';
import type { TransportContract } from './contract.ts';
import { messagesTo, numbers, openTransport, read, sorted, type Reader } from './world.ts';

export const traffic = (contract: TransportContract): void => {
  it('loses nothing with many publishers and many readers', async () => {
    const transport = await openTransport(contract);
    const all = await read(transport, 'all', 'work', { maxInFlight: 100 });
    const members: Reader[] = [];
    for (let i = 0; i < 10; i++) members.push(await read(transport, 'crew', 'work'));
    const messages = messagesTo('work', 1_000);
    await Promise.all(
      numbers(20).map(async (publisher) => {
        for (let n = publisher; n < 1_000; n += 20) {
          const message = messages[n];
          if (message !== undefined) await transport.publish([message]);
        }
      }),
    );
    await all.until(1_000);
    expect(sorted(all.payloads())).toEqual(numbers(1_000));
    const counts = (): number => members.reduce((sum, { arrived }) => sum + arrived.length, 0);
    while (counts() < 1_000) await new Promise((resolve) => setImmediate(resolve));
    expect(sorted(members.flatMap((member) => member.payloads()))).toEqual(numbers(1_000));
  });

  it('keeps many channels apart', async () => {
    const transport = await openTransport(contract);
    const readers: Reader[] = [];
    for (const n of numbers(10)) readers.push(await read(transport, `g${n}`, `channel.${n}`));
    await Promise.all(
      numbers(10).map(async (n) => {
        for (const message of messagesTo(`channel.${n}`, 50)) await transport.publish([message]);
      }),
    );
    for (const reader of readers) await reader.until(50);
    for (const reader of readers) expect(sorted(reader.payloads())).toEqual(numbers(50));
  });

  it('lets readers come and go without losing anything', async () => {
    const transport = await openTransport(contract);
    const seen = new Set<unknown>();
    const messages = messagesTo('work', 200);
    const first = await read(transport, 'g', 'work', {
      handle: (d) => (seen.add(d.message.payload), d.ack([])),
    });
    const publishing = (async () => {
      for (const message of messages) await transport.publish([message]);
    })();
    await first.until(20);
    await first.stop();
    for (let i = 0; i < 3; i++) {
      const before = seen.size;
      const next = await read(transport, 'g', 'work', {
        handle: (d) => (seen.add(d.message.payload), d.ack([])),
      });
      while (seen.size < Math.min(200, before + 20))
        await new Promise((resolve) => setImmediate(resolve));
      await next.stop();
    }
    await publishing;
    await read(transport, 'g', 'work', { handle: (d) => (seen.add(d.message.payload), d.ack([])) });
    while (seen.size < 200) await new Promise((resolve) => setImmediate(resolve));
    expect(sorted([...seen])).toEqual(numbers(200));
  });
};
