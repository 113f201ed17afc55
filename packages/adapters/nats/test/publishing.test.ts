import { describe, expect, test } from 'vitest';
import { headers } from '@nats-io/transport-node';
import { serverIsMissing, withClient } from './server.ts';
import { Inbox, join, message, opened, unusedStream } from './setup.ts';

const missing = await serverIsMissing();

describe.skipIf(missing !== undefined)(
  `publishing${missing === undefined ? '' : `: ${missing}`}`,
  () => {
    test('a message that is published again is one message', async () => {
      const transport = await opened(unusedStream());
      const inbox = new Inbox();
      await join(transport, inbox);
      const twice = message({ payload: 'twice' });
      await transport.publish([twice]);
      await transport.publish([twice, message({ payload: 'last' })]);
      await inbox.untilCount(2);
      expect(inbox.payloads).toEqual(['twice', 'last']);
    });

    test('after its window it is another one', async () => {
      const transport = await opened({ ...unusedStream(), dedupeWindowSeconds: 1 });
      const inbox = new Inbox();
      await join(transport, inbox);
      const twice = message();
      while (inbox.deliveries.length < 2) await transport.publish([twice]);
      expect(inbox.messages.slice(0, 2)).toEqual([twice, twice]);
    });

    test('what follows from the rest has no header', async () => {
      const where = unusedStream();
      const transport = await opened(where);
      const seen: string[][] = [];
      await withClient(async (connection) => {
        connection.subscribe(`${where.prefix}.work`, {
          callback: (_, { headers: found }) => void seen.push(found?.keys() ?? []),
        });
        await connection.flush();
        await transport.publish([message()]);
        await transport.publish([
          message({
            correlationId: 'first',
            causationId: 'cause',
            hops: 1,
            source: 'me',
            key: 'k',
          }),
        ]);
        await connection.flush();
      });
      expect(seen).toEqual([
        ['Nats-Msg-Id', 'Dagger-Time'],
        [
          'Nats-Msg-Id',
          'Dagger-Time',
          'Dagger-Correlation',
          'Dagger-Causation',
          'Dagger-Source',
          'Dagger-Hops',
          'Dagger-Key',
        ],
      ]);
    });

    test('the order of one publisher is kept, also beyond what is on the way at a time', async () => {
      const transport = await opened(unusedStream());
      const inbox = new Inbox();
      await join(transport, inbox);
      await Promise.all(
        Array.from({ length: 20 }, (_, i) =>
          transport.publish(Array.from({ length: 50 }, (_, k) => message({ payload: i * 50 + k }))),
        ),
      );
      await inbox.untilCount(1_000);
      expect(inbox.payloads).toEqual(Array.from({ length: 1_000 }, (_, i) => i));
    });

    test('a stream that is full refuses with CHANNEL_FULL', async () => {
      const transport = await opened({ ...unusedStream(), maxMessages: 5 });
      await transport.publish(Array.from({ length: 5 }, () => message()));
      await expect(transport.publish([message()])).rejects.toMatchObject({
        code: 'CHANNEL_FULL',
        recoverable: true,
      });
    });

    test('a message that the server does not take is refused, and none of its companions is sent', async () => {
      const transport = await opened(unusedStream());
      const inbox = new Inbox();
      await join(transport, inbox);
      const big = message({ payload: 'x'.repeat(1_048_576) });
      await expect(transport.publish([message(), big])).rejects.toMatchObject({
        code: 'MESSAGE_INVALID',
        message: expect.stringContaining('1048576'),
      });
      const bigHeaders = message({ headers: { a: 'ä'.repeat(33_000) } });
      await expect(transport.publish([bigHeaders])).rejects.toMatchObject({
        code: 'MESSAGE_INVALID',
      });
      const nearly = message({ payload: 'x'.repeat(1_048_000) });
      await transport.publish([nearly]);
      await inbox.untilCount(1);
      expect(inbox.messages).toEqual([nearly]);
    });

    test.each(['', 'a b', 'a..b', 'a.*', 'a.>', 'a\n', '.a'])(
      'channel %j is refused',
      async (channel) => {
        const transport = await opened(unusedStream());
        await expect(transport.publish([message({ channel })])).rejects.toMatchObject({
          code: 'CHANNEL_INVALID',
        });
      },
    );

    test('a header that is no text is refused', async () => {
      const transport = await opened(unusedStream());
      for (const bad of [{ a: '\ud800' }, { '\ud800': 'a' }])
        await expect(transport.publish([message({ headers: bad })])).rejects.toMatchObject({
          code: 'MESSAGE_INVALID',
        });
    });

    test('a publish that was called off is not sent', async () => {
      const transport = await opened(unusedStream());
      const reason = new Error('called off');
      await expect(transport.publish([message()], AbortSignal.abort(reason))).rejects.toBe(reason);
    });

    test('messages of those who know nothing of us come from outside', async () => {
      const where = unusedStream();
      const transport = await opened(where);
      const inbox = new Inbox();
      await join(transport, inbox);
      await withClient(async (connection) => {
        connection.publish(`${where.prefix}.work`, '{"bare":1}');
        const foreign = headers();
        foreign.append('Nats-Msg-Id', 'given');
        foreign.append('X-Tenant', 'acme');
        foreign.append('traceparent', 'trace');
        connection.publish(`${where.prefix}.work`, '2', { headers: foreign });
        await connection.flush();
      });
      await inbox.untilCount(2);
      const [bare, given] = inbox.messages;
      expect(bare).toMatchObject({
        id: `${where.stream}:1`,
        channel: 'work',
        source: null,
        payload: { bare: 1 },
        headers: {},
        causationId: null,
        correlationId: `${where.stream}:1`,
        hops: 0,
        key: null,
        traceparent: null,
      });
      expect(Math.abs((bare?.time ?? 0) - Date.now())).toBeLessThan(60_000);
      expect(given).toMatchObject({
        id: 'given',
        correlationId: 'given',
        headers: { 'X-Tenant': 'acme', traceparent: 'trace' },
        traceparent: 'trace',
      });
    });

    test('what is not JSON becomes one dead letter, and holds up nobody', async () => {
      const where = unusedStream();
      const logged: string[] = [];
      const transport = await opened({
        ...where,
        logger: (level, text) => logged.push(`${level} ${text}`),
      });
      const [inbox, other, dead] = [new Inbox(), new Inbox(), new Inbox()];
      await join(transport, inbox, { maxInFlight: 1 });
      await join(transport, other, { group: 'other' });
      await join(transport, dead, { group: 'dead', patterns: ['dead.>'] });
      await withClient(async (connection) => {
        connection.publish(`${where.prefix}.work`, '{broken');
        connection.publish(`${where.prefix}.dead.work`, Uint8Array.of(0xff));
        await connection.flush();
      });
      await transport.publish([message({ payload: 'good' })]);
      await Promise.all([inbox.untilCount(1), other.untilCount(1), dead.untilCount(1)]);
      expect(inbox.payloads).toEqual(['good']);
      expect(dead.messages[0]).toMatchObject({
        id: `${where.stream}:1:dead`,
        channel: 'dead.work',
        payload: { base64: Buffer.from('{broken').toString('base64') },
        headers: { 'dead-code': 'NOT_JSON', 'dead-message': `${where.stream}:1` },
        causationId: `${where.stream}:1`,
        hops: 1,
      });
      expect(logged).toContain('error a message cannot be read');
      await transport.publish([message({ channel: 'dead.work', payload: 'last' })]);
      await dead.untilCount(2);
      expect(dead.payloads[1]).toBe('last');
    });
  },
);
