import { systemClock, type Clock } from '@dagger/core';
import { SimulatedClock } from '@dagger/testing';
import { createInbox, errors, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { describe, expect, test } from 'vitest';
import { Line } from '../src/line.ts';
import { serverIsMissing, withClient } from './server.ts';

const missing = await serverIsMissing();

const text = (msg: Msg): string => msg.string();
const bytes = (words: string): Uint8Array => Buffer.from(words);

/** A line, and a connection of somebody who answers. */
const withLine = (
  work: (line: Line, other: NatsConnection, subject: string) => Promise<void>,
  clock: Clock = systemClock,
): Promise<void> =>
  withClient((connection) =>
    withClient(async (other) => {
      const line = new Line(connection, clock);
      try {
        await work(line, other, createInbox('test'));
      } finally {
        line.close();
      }
    }),
  );

describe.skipIf(missing !== undefined)(
  `what goes to the server${missing === undefined ? '' : `: ${missing}`}`,
  () => {
    test('each answer finds who asked, whatever their order', () =>
      withLine(async (line, other, subject) => {
        const asked: Msg[] = [];
        other.subscribe(subject, {
          callback: (_, msg) => {
            asked.push(msg);
            if (asked.length === 3)
              for (const each of asked.toReversed()) each.respond(`re: ${each.string()}`);
          },
        });
        await other.flush();
        const answers = ['a', 'b', 'c'].map((each) =>
          line.request(subject, bytes(each), { read: text }),
        );
        expect(await Promise.all(answers)).toEqual(['re: a', 're: b', 're: c']);
      }));

    test('what an answer is read as may be an error', () =>
      withLine(async (line, other, subject) => {
        other.subscribe(subject, { callback: (_, msg) => void msg.respond('no') });
        await other.flush();
        const refuse = (msg: Msg): never => {
          throw new Error(`it says ${msg.string()}`);
        };
        await expect(line.request(subject, bytes(''), { read: refuse })).rejects.toThrow(
          'it says no',
        );
      }));

    test('all of one turn goes in order, and what is said at its end goes last', () =>
      withLine(async (line, other, subject) => {
        const heard: string[] = [];
        other.subscribe(subject, {
          callback: (_, msg) => {
            heard.push(msg.string());
            msg.respond('');
          },
        });
        await other.flush();
        const last = new Promise<void>((resolve, reject) =>
          line.atEnd(() => {
            line.tell(subject, bytes('3'));
            line.request(subject, bytes('4'), { read: () => {} }).then(resolve, reject);
          }),
        );
        line.tell(subject, bytes('1'));
        await Promise.all([line.request(subject, bytes('2'), { read: () => {} }), last]);
        expect(heard).toEqual(['1', '2', '3', '4']);
      }));

    test('where nobody listens that is known at once', () =>
      withLine(async (line, _, subject) => {
        await expect(line.request(subject, bytes(''), { read: text })).rejects.toBeInstanceOf(
          errors.NoRespondersError,
        );
      }));

    test('whoever is not answered gives up after three seconds, each for himself', async () => {
      const clock = new SimulatedClock();
      await withLine(async (line, other, subject) => {
        other.subscribe(subject, { callback: () => {} });
        await other.flush();
        const given: string[] = [];
        const ask = (name: string): Promise<unknown> =>
          line.request(subject, bytes(name), { read: text }).catch((error: unknown) => {
            given.push(`${name} after ${clock.elapsed}`);
            return error;
          });
        const first = ask('first');
        await clock.advance(1_000);
        const second = ask('second');
        await clock.advance(2_500);
        expect(given).toEqual(['first after 3000']);
        await clock.advance(1_000);
        expect(given).toEqual(['first after 3000', 'second after 4000']);
        expect(await first).toBeInstanceOf(errors.TimeoutError);
        expect(await second).toBeInstanceOf(errors.TimeoutError);
      }, clock);
    });

    test('what is lost before it went out does not go out', () =>
      withLine(async (line, other, subject) => {
        const heard: string[] = [];
        other.subscribe(`${subject}.*`, {
          callback: (_, msg) => {
            heard.push(msg.string());
            msg.respond('');
          },
        });
        await other.flush();
        const [one, two] = ['1', '2'].map((each) =>
          line.request(`${subject}.${each}`, bytes(each), { read: text }),
        );
        line.lost(new Error('gone'), `${subject}.1`);
        await expect(one).rejects.toThrow('gone');
        await two;
        expect(heard).toEqual(['2']);
      }));

    test('on a connection that is closed every request is refused', () =>
      withClient(async (connection) => {
        const line = new Line(connection, systemClock);
        const waiting = line.request(createInbox('test'), bytes(''), { read: text });
        await connection.close();
        await expect(waiting).rejects.toBeInstanceOf(errors.ClosedConnectionError);
        await expect(
          line.request(createInbox('test'), bytes(''), { read: text }),
        ).rejects.toBeInstanceOf(errors.ClosedConnectionError);
        line.close();
      }));
  },
);
