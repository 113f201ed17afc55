import { expect, it } from 'vitest';
import type { TransportContract } from './contract.ts';
import {
  messagesTo,
  messageTo,
  numbers,
  openPlace,
  openTransport,
  read,
  sorted,
  need,
} from './world.ts';

export const groups = (contract: TransportContract): void => {
  it('each get every message', async () => {
    const transport = await openTransport(contract);
    const readers = [await read(transport, 'a', 'work'), await read(transport, 'b', 'work')];
    for (const message of messagesTo('work', 50)) await transport.publish([message]);
    for (const reader of readers) await reader.until(50);
    for (const reader of readers) expect(sorted(reader.payloads())).toEqual(numbers(50));
  });

  it('share their messages among their members', async () => {
    const transport = await openTransport(contract);
    const members = [await read(transport, 'g', 'work'), await read(transport, 'g', 'work')];
    const all = await read(transport, 'all', 'work');
    for (const message of messagesTo('work', 100)) await transport.publish([message]);
    await all.until(100);
    await Promise.race([members[0]?.until(100), untilTogether(members, 100)]);
    expect(sorted(members.flatMap((member) => member.payloads()))).toEqual(numbers(100));
  });

  it('do not get what the agents published that they leave out', async () => {
    const transport = await openTransport(contract);
    const reader = await read(transport, 'g', 'work', { exceptFrom: new Set(['me', 'myself']) });
    await transport.publish([messageTo('work', 1, { source: 'me' })]);
    await transport.publish([messageTo('work', 2, { source: 'other' })]);
    await transport.publish([messageTo('work', 3, { source: 'myself' })]);
    await transport.publish([messageTo('work', 4)]);
    await reader.until(2);
    expect(sorted(reader.payloads())).toEqual([2, 4]);
  });

  it('get no more at a time than they say', async () => {
    const transport = await openTransport(contract);
    const open: (() => void)[] = [];
    const reader = await read(transport, 'g', 'work', {
      maxInFlight: 2,
      handle: (delivery) => open.push(() => void delivery.ack([])),
    });
    const other = await read(transport, 'other', 'work');
    for (const message of messagesTo('work', 5)) await transport.publish([message]);
    await other.until(5);
    await reader.until(2);
    expect(reader.arrived).toHaveLength(2);
    for (let done = 0; done < 5; done++) {
      await reader.until(Math.min(5, done + 1));
      open[done]?.();
    }
    await reader.until(5);
    expect(reader.payloads()).toHaveLength(5);
  });

  it('hold nobody up who is in another one', async () => {
    const transport = await openTransport(contract);
    const stuck = await read(transport, 'stuck', 'work', { maxInFlight: 1, handle: () => {} });
    const free = await read(transport, 'free', 'work');
    for (const message of messagesTo('work', 20)) await transport.publish([message]);
    await free.until(20);
    expect(stuck.arrived.length).toBeLessThanOrEqual(1);
  });

  it('share their messages among transports in one place', async ({ skip }) => {
    need(contract.abilities.shared, skip);
    const place = await openPlace(contract);
    const [one, two] = [await place.open(), await place.open()];
    const members = [await read(one, 'g', 'work'), await read(two, 'g', 'work')];
    for (const [i, message] of messagesTo('work', 100).entries())
      await (i % 2 === 0 ? one : two).publish([message]);
    await untilTogether(members, 100);
    expect(sorted(members.flatMap((member) => member.payloads()))).toEqual(numbers(100));
    expect(members.reduce((all, member) => all + member.duplicates(), 0)).toBe(0);
  });
};

/** Until several readers have so many messages between them. */
const untilTogether = async (
  members: readonly {
    readonly payloads: () => readonly unknown[];
    until(count: number): Promise<void>;
  }[],
  count: number,
): Promise<void> => {
  for (;;) {
    const counts = members.map((member) => member.payloads().length);
    if (counts.reduce((a, b) => a + b, 0) >= count) return;
    await Promise.race(members.map((member, i) => member.until((counts[i] ?? 0) + 1)));
  }
};
