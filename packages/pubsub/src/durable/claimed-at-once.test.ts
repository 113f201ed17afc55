import { describe, expect, it } from 'vitest';
import {
  acknowledge,
  ahead,
  databases,
  ids,
  listen,
  message,
  numbered,
  payloads,
  placeForEach,
  stoppedTimers,
  type Receiver,
} from './storage.fixture.ts';

describe.each(databases)(
  'messages in $name that are received as soon as they are published',
  (database) => {
    const place = placeForEach(database);
    const { open } = place;

    it('do not pass those that wait', async () => {
      const bus = await open();
      const receiver = await listen(bus, 'a', { maxInFlight: 2 });
      const [first, second, third, fourth, ...rest] = numbered('a', 9);
      await bus.publish([first!, second!, third!, fourth!]);
      const got = await receiver.received(2);
      await Promise.all([got[0]?.ack([]), bus.publish(rest.slice(0, 2))]);
      await got[1]?.ack(rest.slice(2));
      for (let i = 2; i < 9; i++) await (await receiver.received(i + 1))[i]?.ack([]);
      expect(payloads(receiver.got)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
      expect(await bus.pending()).toBe(0);
    });

    it('do not pass one that is given back with the same commit', async () => {
      const bus = await open();
      const receiver = await listen(bus, 'a', { maxInFlight: 1 });
      await bus.publish([message('a', { payload: 'first' })]);
      const [first] = await receiver.received(1);
      await Promise.all([first?.nack(0), bus.publish([message('a', { payload: 'second' })])]);
      await (await receiver.received(2))[1]?.ack([]);
      expect(payloads(await receiver.received(3))).toEqual(['first', 'first', 'second']);
      expect(receiver.got.map(({ attempt }) => attempt)).toEqual([1, 2, 1]);
    });

    it('are delivered again when who received them is gone, and it was their first attempt', async () => {
      const hung = await open({ clock: stoppedTimers });
      const lost = await listen(hung, 'a');
      await hung.publish(numbered('a', 3));
      expect((await lost.received(3)).map(({ attempt }) => attempt)).toEqual([1, 1, 1]);
      const other = await open({ clock: ahead(60_000) });
      const receiver = await listen(other, 'a', { onDelivery: acknowledge });
      expect(payloads(await receiver.received(3))).toEqual([0, 1, 2]);
      expect(receiver.got.map(({ attempt }) => attempt)).toEqual([2, 2, 2]);
    });

    it('reach many groups in order, however many go with one commit, and are acknowledged with one', async () => {
      const bus = await open();
      const receivers: Receiver[] = [];
      for (let i = 0; i < 10; i++) receivers.push(await listen(bus, 'a', { group: `group-${i}` }));
      await bus.publish(numbered('a', 85));
      const expected = Array.from({ length: 85 }, (_, i) => i);
      for (const receiver of receivers)
        expect(payloads(await receiver.received(85))).toEqual(expected);
      await Promise.all(
        receivers.flatMap(({ got }, i) => (i === 9 ? [] : got.map(async (each) => each.ack([])))),
      );
      expect(await bus.pending()).toBe(85);
      await Promise.all((receivers[9] as Receiver).got.map(async (each) => each.ack([])));
      expect(await bus.pending()).toBe(0);
    });

    it('do not come twice where some of many were there, or are there twice', async () => {
      const bus = await open();
      const receiver = await listen(bus, 'a');
      const all = numbered('a', 90);
      const known = all.filter((_, i) => i % 9 === 4);
      await bus.publish(known);
      await Promise.all([bus.publish([...all, ...all.slice(0, 3)]), bus.publish(all.slice(80))]);
      const fresh = all.filter((each) => !known.includes(each));
      await receiver.received(90);
      expect(receiver.got.map((each) => each.message.id)).toEqual(ids([...known, ...fresh]));
      expect(await bus.pending()).toBe(90);
      const stored = await bus.messages();
      expect(ids(stored.map((each) => each.message))).toEqual(ids([...known, ...fresh]));
      const again = await listen(bus, 'a', { group: 'again', from: 'start' });
      await again.received(90);
      expect(payloads(again.got)).toEqual(payloads(receiver.got));
    });

    it('are dropped, the oldest first, when more are published at once than may wait', async () => {
      const bus = await open();
      const receiver = await listen(bus, 'a', { capacity: 3, overflow: 'dropOldest' });
      await bus.publish(numbered('a', 5));
      expect(payloads(await receiver.received(3))).toEqual([2, 3, 4]);
      expect(receiver.dropped.map(({ payload }) => payload)).toEqual([0, 1]);
      expect(await bus.pending()).toBe(3);
    });

    it('go to the other members of the group when one has enough', async () => {
      const [one, two] = [await open(), await open()];
      const few = await listen(one, 'a', { maxInFlight: 2 });
      const many = await listen(two, 'a');
      await one.publish(numbered('a', 5));
      expect(payloads(await few.received(2))).toEqual([0, 1]);
      expect(payloads(await many.received(3))).toEqual([2, 3, 4]);
    });
  },
);
