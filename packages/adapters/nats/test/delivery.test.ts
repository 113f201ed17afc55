import type { Delivery } from '@dagger/pubsub';
import { jetstreamManager } from '@nats-io/jetstream';
import { describe, expect, test } from 'vitest';
import type { NatsDelivery } from '../src/nats-delivery.ts';
import { serverIsMissing, withClient } from './server.ts';
import { Inbox, join, message, opened, unusedStream } from './setup.ts';

const missing = await serverIsMissing();

describe.skipIf(missing !== undefined)(
  `deliveries${missing === undefined ? '' : `: ${missing}`}`,
  () => {
    test('every field of a message arrives as it was', async () => {
      const transport = await opened(unusedStream());
      const inbox = new Inbox();
      await join(transport, inbox, { patterns: ['a.ü.>'] });
      const full = message({
        channel: 'a.ü.c',
        source: 'agent ✓ 1',
        payload: { text: 'ä\n"\ud800"', list: [1, null, true, { x: 1.5 }] },
        headers: {
          'X-Case': 'kept',
          'x-case': 'kept too',
          'two words: ✓': 'value',
          lines: 'one\r\ntwo\nthree',
          space: '  around  ',
          empty: '',
          code: '=%41',
          traceparent: 'of the user',
          'Nats-Msg-Id': 'harmless',
        },
        causationId: 'cause',
        correlationId: 'first',
        hops: 7,
        key: '',
        traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      });
      const bare = message({ channel: 'a.ü.d', payload: null, source: null });
      await transport.publish([full, bare]);
      await inbox.untilCount(2);
      expect(inbox.messages).toEqual([full, bare]);
      expect(Object.isFrozen(inbox.messages[0]?.payload)).toBe(true);
    });

    test('one at a time keeps the order, and nothing begins before the one before it is done', async () => {
      const transport = await opened(unusedStream());
      let running = 0;
      let most = 0;
      const inbox = new Inbox(async (delivery) => {
        most = Math.max(most, ++running);
        await Promise.resolve();
        running--;
        await delivery.ack([]);
      });
      await join(transport, inbox, { maxInFlight: 1 });
      await transport.publish(Array.from({ length: 200 }, (_, i) => message({ payload: i })));
      await inbox.untilCount(200);
      expect(inbox.payloads).toEqual(Array.from({ length: 200 }, (_, i) => i));
      expect(most).toBe(1);
    });

    test('no more are under way than may be', async () => {
      const transport = await opened(unusedStream());
      const held: Delivery[] = [];
      const inbox = new Inbox((delivery) => held.push(delivery));
      const other = new Inbox();
      await join(transport, inbox, { maxInFlight: 5, patterns: ['work', 'more.*', 'else'] });
      await join(transport, other, { group: 'other', maxInFlight: 1 });
      const messages = Array.from({ length: 30 }, (_, i) =>
        message({ channel: ['work', 'more.x', 'else'][i % 3] as string }),
      );
      await transport.publish(messages);
      await other.untilCount(10);
      await inbox.untilCount(5);
      expect(held).toHaveLength(5);
      while (inbox.deliveries.length < 30) {
        const next = inbox.untilCount(inbox.deliveries.length + 1);
        const before = inbox.deliveries.length;
        await held.shift()?.ack([]);
        await next;
        expect(inbox.deliveries.length).toBe(before + 1);
      }
      expect(inbox.ids).toEqual(new Set(messages.map(({ id }) => id)));
    });

    test('two members of a group in two processes share the messages', async () => {
      const where = unusedStream();
      const [one, two] = [await opened(where), await opened(where)];
      const all: Delivery[] = [];
      const handle = (delivery: Delivery): unknown => {
        all.push(delivery);
        return delivery.ack([]);
      };
      const [left, right] = [new Inbox(handle), new Inbox(handle)];
      await join(one, left, { maxInFlight: 4 });
      await join(two, right, { maxInFlight: 4 });
      const messages = Array.from({ length: 400 }, () => message());
      await one.publish(messages);
      await Promise.race([
        left.until(() => all.length >= 400),
        right.until(() => all.length >= 400),
      ]);
      expect(all).toHaveLength(400);
      expect(new Set(all.map((each) => each.message.id)).size).toBe(400);
      expect(left.deliveries.length).toBeGreaterThan(0);
      expect(right.deliveries.length).toBeGreaterThan(0);
    });

    test('each of two groups gets everything', async () => {
      const transport = await opened(unusedStream());
      const [one, two] = [new Inbox(), new Inbox()];
      await join(transport, one, { group: 'one.*.x' });
      await join(transport, two, { group: 'two >' });
      const messages = Array.from({ length: 50 }, () => message());
      await transport.publish(messages);
      await Promise.all([one.untilCount(50), two.untilCount(50)]);
      expect(one.ids).toEqual(two.ids);
    });

    test('patterns of one part and of the rest; what two patterns match comes once', async () => {
      const transport = await opened(unusedStream());
      const [star, rest, both] = [new Inbox(), new Inbox(), new Inbox()];
      await join(transport, star, { group: 'star', patterns: ['a.*'] });
      await join(transport, rest, { group: 'rest', patterns: ['a.>'] });
      await join(transport, both, { group: 'both', patterns: ['a.*', '*.b', 'a.b', 'end'] });
      const channels = ['a.b', 'a.c', 'x.b', 'x.y', 'a.b.c', 'a', 'end'];
      await transport.publish(channels.map((channel) => message({ channel })));
      await Promise.all([star.untilCount(2), rest.untilCount(3), both.untilCount(4)]);
      // Whatever came twice would come before the next.
      await transport.publish([message({ channel: 'a.z' }), message({ channel: 'end' })]);
      await Promise.all([star.untilCount(3), rest.untilCount(4), both.untilCount(6)]);
      const sorted = (inbox: Inbox): string[] =>
        inbox.messages.map(({ channel }) => channel).sort();
      expect(sorted(star)).toEqual(['a.b', 'a.c', 'a.z']);
      expect(sorted(rest)).toEqual(['a.b', 'a.b.c', 'a.c', 'a.z']);
      expect(sorted(both)).toEqual(['a.b', 'a.c', 'a.z', 'end', 'end', 'x.b']);
    });

    test('what is given back comes again after the delay, and others pass it meanwhile', async () => {
      const transport = await opened(unusedStream());
      const inbox = new Inbox((delivery) => {
        if (delivery.message.payload === 'bad' && delivery.attempt === 1) return delivery.nack(400);
        return delivery.ack([]);
      });
      await join(transport, inbox, { maxInFlight: 1 });
      await transport.publish([message({ payload: 'bad' }), message({ payload: 'good' })]);
      await inbox.untilCount(3);
      expect(inbox.payloads).toEqual(['bad', 'good', 'bad']);
      expect(inbox.deliveries.map(({ attempt }) => attempt)).toEqual([1, 1, 2]);
    });

    test('given back without delay it comes again at once', async () => {
      const transport = await opened(unusedStream());
      const inbox = new Inbox((delivery) =>
        delivery.attempt < 4 ? delivery.nack(0) : delivery.ack([]),
      );
      await join(transport, inbox);
      await transport.publish([message()]);
      await inbox.untilCount(4);
      expect(inbox.deliveries.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4]);
    });

    test('many that wait for another attempt hold up nobody', async () => {
      const transport = await opened(unusedStream());
      const inbox = new Inbox((delivery) =>
        delivery.message.payload === 'bad' ? delivery.nack(60_000) : delivery.ack([]),
      );
      await join(transport, inbox, { maxInFlight: 2 });
      await transport.publish(Array.from({ length: 50 }, () => message({ payload: 'bad' })));
      await transport.publish([message({ payload: 'good' })]);
      await inbox.until(() => inbox.payloads.includes('good'));
      expect(inbox.deliveries).toHaveLength(51);
    });

    test('an acknowledgement publishes its outputs; a second one does nothing', async () => {
      const transport = await opened(unusedStream());
      const outputs = [message({ channel: 'out' }), message({ channel: 'out' })];
      const inbox = new Inbox(async (delivery) => {
        await Promise.all([delivery.ack(outputs), delivery.ack(outputs)]);
        await delivery.ack(outputs);
        await delivery.nack(0);
      });
      const results = new Inbox();
      await join(transport, inbox);
      await join(transport, results, { group: 'results', patterns: ['out'] });
      await transport.publish([message()]);
      await results.untilCount(2);
      await transport.publish([message({ channel: 'out', payload: 'last' })]);
      await results.untilCount(3);
      expect(results.messages.slice(0, 2)).toEqual(outputs);
      expect(inbox.deliveries).toHaveLength(1);
    });

    test('an agent does not get what it published itself', async () => {
      const transport = await opened(unusedStream());
      const inbox = new Inbox();
      await join(transport, inbox, { exceptFrom: new Set(['me']) });
      await transport.publish([message({ source: 'me' }), message({ source: 'you' })]);
      await inbox.untilCount(1);
      expect(inbox.messages[0]?.source).toBe('you');
    });

    test('what takes longer than the acknowledgement may is not given to another member', async () => {
      const where = unusedStream();
      const options = { ...where, ackWaitSeconds: 1.5 };
      const [busy, idle] = [await opened(options), await opened(options)];
      const inbox = new Inbox(() => {});
      const other = new Inbox();
      await join(busy, inbox, { maxInFlight: 1 });
      await withClient(async (connection) => {
        const signs = connection.subscribe(`$JS.ACK.${where.stream}.>`);
        await connection.flush();
        await busy.publish([message()]);
        await inbox.untilCount(1);
        await join(idle, other);
        // Each comes after a third of the time: after the fourth the server would have given it to the other one.
        let seen = 0;
        for await (const sign of signs) if (sign.string() === '+WPI' && ++seen === 4) break;
      });
      await inbox.deliveries[0]?.ack([]);
      await busy.publish([message()]);
      await Promise.race([inbox.untilCount(2), other.untilCount(1)]);
      expect(inbox.deliveries.length + other.deliveries.length).toBe(2);
      expect([...inbox.deliveries, ...other.deliveries].map(({ attempt }) => attempt)).toEqual([
        1, 1,
      ]);
    });

    test('messages that are done together are acknowledged together, and one answer confirms them', async () => {
      const where = unusedStream();
      const transport = await opened(where);
      const inbox = new Inbox(() => {});
      await join(transport, inbox, { maxInFlight: 50 });
      await transport.publish(Array.from({ length: 50 }, () => message()));
      await inbox.untilCount(50);
      const wantAnswers: boolean[] = [];
      await withClient(async (connection) => {
        connection.subscribe(`$JS.ACK.${where.stream}.>`, {
          callback: (_, { reply }) => void wantAnswers.push(reply !== ''),
        });
        await connection.flush();
        await Promise.all(inbox.deliveries.map(async (delivery) => delivery.ack([])));
        await connection.flush();
        const jsm = await jetstreamManager(connection);
        const [consumer] = await jsm.consumers.list(where.stream).next();
        expect(consumer?.num_ack_pending).toBe(0);
      });
      expect(wantAnswers).toEqual([...Array.from({ length: 49 }, () => false), true]);
    });

    test('what a member that left or closed had goes to the next one', async () => {
      const where = unusedStream();
      const one = await opened(where);
      const held = new Inbox(() => {});
      const subscription = await join(one, held, { maxInFlight: 3 });
      await one.publish(Array.from({ length: 10 }, (_, i) => message({ payload: i })));
      await held.untilCount(3);
      await subscription.stop();
      await subscription.stop();
      // Those under way may still be acknowledged.
      await held.deliveries[0]?.ack([]);
      await one.close();
      const two = await opened(where);
      const rest = new Inbox();
      await join(two, rest);
      await rest.untilCount(9);
      expect(rest.payloads.toSorted((a, b) => Number(a) - Number(b))).toEqual([
        1, 2, 3, 4, 5, 6, 7, 8, 9,
      ]);
      expect(held.deliveries).toHaveLength(3);
    });

    test('what comes back while nobody is there waits for the next member', async () => {
      const where = unusedStream();
      const transport = await opened(where);
      const held = new Inbox(() => {});
      const subscription = await join(transport, held);
      await transport.publish([message()]);
      await held.untilCount(1);
      await subscription.stop();
      const { reply } = held.deliveries[0] as NatsDelivery;
      await withClient((connection) => connection.request(reply, '-NAK'));
      const next = new Inbox();
      await join(transport, next);
      await next.untilCount(1);
      expect(next.deliveries[0]?.attempt).toBe(2);
    });

    test('dropOldest tells of each message that it drops', async () => {
      const where = unusedStream();
      const transport = await opened(where);
      const first = await join(transport, new Inbox(), { overflow: 'dropOldest' });
      await first.stop();
      await transport.publish(Array.from({ length: 10 }, (_, i) => message({ payload: i })));
      const dropped: unknown[] = [];
      const inbox = new Inbox();
      await join(transport, inbox, {
        overflow: 'dropOldest',
        capacity: 3,
        dropped: ({ payload }) => dropped.push(payload),
      });
      await inbox.untilCount(3);
      expect(inbox.payloads).toEqual([7, 8, 9]);
      expect(dropped).toEqual([0, 1, 2, 3, 4, 5, 6]);
    });

    test('dropNewest is refused', async () => {
      const transport = await opened(unusedStream());
      await expect(join(transport, new Inbox(), { overflow: 'dropNewest' })).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
      });
    });
  },
);
