import { createServer } from 'node:net';
import { once } from 'node:events';
import { jetstreamManager, RetentionPolicy } from '@nats-io/jetstream';
import { describe, expect, onTestFinished, test } from 'vitest';
import { natsTransport } from '../src/index.ts';
import { isBefore } from '../src/version.ts';
import { freePort, serverIsMissing, withClient } from './server.ts';
import { Inbox, join, message, opened, unusedStream } from './setup.ts';

const missing = await serverIsMissing();

describe('opening without a server', () => {
  test('a wrong address fails within seconds, and says which', { timeout: 5_000 }, async () => {
    const servers = `nats://user:secret@127.0.0.1:${await freePort()}`;
    const error: unknown = await natsTransport({ servers }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'STORAGE_FAILED', recoverable: true });
    expect(String(error)).toContain('cannot connect to NATS at nats://127.0.0.1:');
    expect(String(error)).not.toContain('secret');
  });

  test('so does somebody who answers nothing', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    await expect(natsTransport({ servers: `127.0.0.1:${port}` })).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
    });
  });

  test.each([
    [{ servers: [] }, 'servers'],
    [{ stream: 'a.b' }, 'stream'],
    [{ prefix: 'a..b' }, 'prefix'],
    [{ prefix: '$JS' }, 'prefix'],
    [{ ackWaitSeconds: 0 }, 'ackWaitSeconds'],
    [{ dedupeWindowSeconds: Number.NaN }, 'dedupeWindowSeconds'],
    [{ maxMessages: 1.5 }, 'maxMessages'],
    [{ maxAgeSeconds: -1 }, 'maxAgeSeconds'],
  ])('%j is refused by name', async (options, name) => {
    await expect(natsTransport(options)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(`${name} must be`),
    });
  });
});

describe.skipIf(missing !== undefined)(
  `streams${missing === undefined ? '' : `: ${missing}`}`,
  () => {
    test('several may open the same stream at once', async () => {
      const where = unusedStream();
      const all = await Promise.all(Array.from({ length: 5 }, () => opened(where)));
      expect(all.map(({ stream, prefix, name }) => ({ stream, prefix, name }))).toEqual(
        Array.from({ length: 5 }, () => ({ ...where, name: 'nats' })),
      );
    });

    test('a stream for other subjects is refused, naming them', async () => {
      const where = unusedStream();
      await opened(where);
      await expect(opened({ ...where, prefix: `${where.prefix}x` })).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
        message: expect.stringContaining(`'${where.prefix}.>'`),
      });
    });

    test('subjects that another stream has are refused', async () => {
      const where = unusedStream();
      await opened(where);
      await expect(opened({ ...where, stream: `${where.stream}x` })).rejects.toMatchObject({
        code: 'STORAGE_FAILED',
      });
    });

    test('a stream that forgets what was read is refused', async () => {
      const { stream, prefix } = unusedStream();
      await withClient(async (connection) => {
        const jsm = await jetstreamManager(connection);
        await jsm.streams.add({
          name: stream,
          subjects: [`${prefix}.>`],
          retention: RetentionPolicy.Workqueue,
        });
      });
      await expect(opened({ stream, prefix })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    });

    test('other limits of a stream that is there are told, and stay', async () => {
      const where = unusedStream();
      await opened({ ...where, maxMessages: 5 });
      const logged: unknown[] = [];
      await opened({
        ...where,
        maxMessages: 7,
        maxAgeSeconds: 60,
        dedupeWindowSeconds: 30,
        logger: (_level, _text, fields) => logged.push(fields),
      });
      expect(logged).toEqual([
        { stream: where.stream, differs: ['dedupeWindowSeconds', 'maxMessages', 'maxAgeSeconds'] },
      ]);
      await opened({ ...where, logger: () => logged.push('something') });
      expect(logged).toHaveLength(1);
    });

    test('a new group reads from where it says; one that is known goes on', async () => {
      const transport = await opened(unusedStream());
      await transport.publish(Array.from({ length: 5 }, (_, i) => message({ payload: i })));
      await new Promise((resolve) => setTimeout(resolve, 20));
      const time = Date.now();
      await transport.publish(Array.from({ length: 3 }, (_, i) => message({ payload: 5 + i })));
      const read = async (
        from: Parameters<typeof join>[2] & object,
        last: number,
      ): Promise<unknown[]> => {
        const inbox = new Inbox();
        const subscription = await join(transport, inbox, { maxInFlight: 1, ...from });
        await transport.publish([message({ payload: last })]);
        await inbox.until(() => inbox.payloads.includes(last));
        await subscription.stop();
        return inbox.payloads;
      };
      expect(await read({ group: 'start', from: 'start' }, 8)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
      expect(await read({ group: 'offset', from: { offset: 7 } }, 9)).toEqual([6, 7, 8, 9]);
      expect(await read({ group: 'time', from: { time } }, 10)).toEqual([5, 6, 7, 8, 9, 10]);
      expect(await read({ group: 'new', from: 'new' }, 11)).toEqual([11]);
      // Others published meanwhile; where to begin counts no more.
      expect(await read({ group: 'time', from: 'start' }, 12)).toEqual([11, 12]);
    });

    test('the last member decides how long an acknowledgement may take, where that can be asked', async () => {
      const where = unusedStream();
      await join(await opened({ ...where, ackWaitSeconds: 5 }), new Inbox());
      await join(await opened({ ...where, ackWaitSeconds: 7 }), new Inbox());
      const waits = await withClient(async (connection) => {
        const jsm = await jetstreamManager(connection);
        const infos = await jsm.consumers.list(where.stream).next();
        return {
          version: connection.info?.version ?? '',
          times: infos.map(({ config }) => config.ack_wait),
        };
      });
      // An older server must not be asked what a consumer has.
      expect(waits.times).toEqual([isBefore(waits.version, [2, 9, 15]) ? 5e9 : 7e9]);
    });

    test('a consumer that somebody deleted is made again', async () => {
      const where = unusedStream();
      const transport = await opened(where);
      const inbox = new Inbox();
      await join(transport, inbox);
      await transport.publish([message({ payload: 1 })]);
      await inbox.untilCount(1);
      await withClient(async (connection) => {
        const jsm = await jetstreamManager(connection);
        const [info] = await jsm.consumers.list(where.stream).next();
        await jsm.consumers.delete(where.stream, info?.name ?? '');
      });
      await transport.publish([message({ payload: 2 })]);
      await inbox.untilCount(2);
      expect(inbox.payloads).toEqual([1, 2]);
    });

    test('closing is idempotent; afterwards everything is refused', async () => {
      const transport = await opened(unusedStream());
      const inbox = new Inbox(() => {});
      const subscription = await join(transport, inbox);
      await transport.publish([message()]);
      await inbox.untilCount(1);
      await Promise.all([transport.close(), transport.close()]);
      await transport.close();
      await expect(transport.publish([message()])).rejects.toMatchObject({ code: 'BUS_CLOSED' });
      await expect(join(transport, inbox)).rejects.toMatchObject({ code: 'BUS_CLOSED' });
      await expect(inbox.deliveries[0]?.ack([])).rejects.toMatchObject({ code: 'BUS_CLOSED' });
      await inbox.deliveries[0]?.nack(0);
      await subscription.stop();
    });
  },
);
