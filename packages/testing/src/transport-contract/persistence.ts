import { expect, it } from 'vitest';
import type { TransportContract } from './contract.ts';
import { messagesTo, messageTo, numbers, openPlace, read, sorted, need } from './world.ts';

export const persistence = (contract: TransportContract): void => {
  const { persistent, replay } = contract.abilities;

  it('what was not acknowledged is delivered again', async ({ skip }) => {
    need(persistent, skip);
    const place = await openPlace(contract);
    const before = await place.open();
    const reader = await read(before, 'g', 'work', {
      handle: (delivery) =>
        Number(delivery.message.payload) % 2 === 0 ? delivery.ack([]) : undefined,
    });
    await before.publish(messagesTo('work', 10));
    await reader.until(10);
    // Out of order: what was acknowledged after what was not does not take that with it.
    await before.close();
    const after = await place.open();
    const again = await read(after, 'g', 'work');
    await again.until(5);
    await after.publish([messageTo('work', 'end')]);
    await again.until(6);
    expect(sorted(again.payloads().filter((payload) => payload !== 'end'))).toEqual([
      1, 3, 5, 7, 9,
    ]);
  });

  it('what came while no reader was there waits for the group', async ({ skip }) => {
    need(persistent, skip);
    const place = await openPlace(contract);
    const before = await place.open();
    const reader = await read(before, 'g', 'work');
    await before.publish([messageTo('work', 0)]);
    await reader.until(1);
    await reader.stop();
    await before.publish([messageTo('work', 1), messageTo('work', 2)]);
    await before.close();
    const after = await place.open();
    const later = await read(after, 'g', 'work');
    await later.until(2);
    expect(sorted(later.payloads())).toEqual([1, 2]);
  });

  it('a new group reads from the start, or from a time on', async ({ skip }) => {
    need(replay, skip);
    const place = await openPlace(contract);
    const transport = await place.open();
    await transport.publish(messagesTo('work', 20));
    const all = await read(transport, 'all', 'work', { from: 'start' });
    await all.until(20);
    expect(sorted(all.payloads())).toEqual(numbers(20));
    const none = await read(transport, 'none', 'work', { from: 'new' });
    await transport.publish([messageTo('work', 'new')]);
    await none.until(1);
    expect(none.payloads()).toEqual(['new']);
  });

  it('where a group began does not change where it goes on', async ({ skip }) => {
    need(replay, skip);
    const place = await openPlace(contract);
    const transport = await place.open();
    const reader = await read(transport, 'g', 'work');
    await transport.publish([messageTo('work', 1)]);
    await reader.until(1);
    await reader.stop();
    const again = await read(transport, 'g', 'work', { from: 'start' });
    await transport.publish([messageTo('work', 2)]);
    await again.until(1);
    expect(again.payloads()).toEqual([2]);
  });
};
