import { SimulatedClock } from '@dagger/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { OwnServer, programIsMissing } from './server.ts';
import { Inbox, join, message, opened } from './setup.ts';

const missing = await programIsMissing();

const ownServer = async (): Promise<OwnServer> => {
  const server = await OwnServer.start();
  onTestFinished(() => server.remove());
  return server;
};

describe.skipIf(missing !== undefined)(
  `a server that dies${missing === undefined ? '' : `: ${missing}`}`,
  () => {
    test('nothing is lost when it is killed under load, twice, and starts again', async () => {
      const server = await ownServer();
      const servers = server.address;
      const publisher = await opened({ servers });
      const reader = await opened({ servers });
      const results = new Inbox();
      const inbox = new Inbox((delivery) =>
        delivery.ack([message({ channel: 'out', id: `out-${delivery.message.id}` })]),
      );
      await join(reader, inbox, { maxInFlight: 32 });
      await join(reader, results, { group: 'results', patterns: ['out'] });
      const messages = Array.from({ length: 4_000 }, () => message());
      let next = 0;
      let stored = 0;
      // As many as the server takes, from several at a time.
      const load = Array.from({ length: 16 }, async () => {
        for (let each = messages[next++]; each !== undefined; each = messages[next++]) {
          await publisher.publish([each]);
          stored++;
        }
      });
      for (const count of [500, 1_500]) {
        await inbox.untilCount(count);
        await server.kill();
        await server.start();
      }
      await Promise.all(load);
      await Promise.all([
        inbox.until(() => inbox.ids.size === messages.length),
        results.until(() => results.ids.size === messages.length),
      ]);
      // At least once: those whose acknowledgements died with the server come again.
      const duplicates = inbox.deliveries.length - inbox.ids.size;
      expect(stored).toBe(messages.length);
      expect(duplicates).toBeLessThan(messages.length / 10);
    }, 60_000);

    test('what is acknowledged while it is away is done when it is back', async () => {
      const server = await ownServer();
      const transport = await opened({ servers: server.address, ackWaitSeconds: 2 });
      const inbox = new Inbox(() => {});
      await join(transport, inbox, { maxInFlight: 2 });
      await transport.publish([message({ payload: 1 }), message({ payload: 2 })]);
      await inbox.untilCount(2);
      await server.kill();
      const done = inbox.deliveries.map((delivery, i) =>
        i === 0 ? delivery.ack([]) : delivery.nack(0),
      );
      const published = transport.publish([message({ payload: 3 })]);
      await server.start();
      await Promise.all([...done, published]);
      await inbox.until(() => inbox.payloads.includes(3) && inbox.deliveries.length >= 4);
      expect(inbox.payloads.toSorted((a, b) => Number(a) - Number(b))).toEqual([1, 2, 2, 3]);
      expect(inbox.payloads.filter((payload) => payload === 1)).toHaveLength(1);
    });

    test('a publish gives up after a while with the reason, and closing does not hang', async () => {
      const server = await ownServer();
      const clock = new SimulatedClock();
      const transport = await opened({ servers: server.address, clock });
      await join(transport, new Inbox());
      await server.kill();
      const published = transport.publish([message()]).catch((error: unknown) => error);
      expect(await clock.advanceUntil(published)).toMatchObject({
        code: 'STORAGE_FAILED',
        message: expect.stringContaining('the server does not answer'),
        recoverable: true,
      });
      expect(clock.elapsed).toBeLessThan(15_000);
      const waiting = transport.publish([message()]).catch((error: unknown) => error);
      await clock.advanceUntil(transport.close());
      expect(await waiting).toMatchObject({ code: 'BUS_CLOSED' });
    });
  },
);
