import { randomUUID } from 'node:crypto';
import {
  AckPolicy,
  DiscardPolicy,
  jetstream,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
  type JsMsg,
} from '@nats-io/jetstream';
import { connect, nanos } from '@nats-io/transport-node';
import { AT_ONCE, orderOf, type Order } from '../durable/contender.ts';
import { NATS } from '../../servers.ts';
import type { NatsContender, NatsName } from './contender.ts';
import { publishAll } from './publish-all.ts';

const READER = 'clerk';
/** As the adapter has them. */
const DUPLICATES_MS = 120_000;
const ACK_WAIT_MS = 30_000;
const MOST_PENDING = 65_536;

type Consumer = Awaited<ReturnType<ReturnType<typeof jetstream>['consumers']['get']>>;

interface Variant {
  /** Errors of requests have no stack: making one costs as much as the rest of a request. */
  readonly noAsyncTraces: boolean;
  /** @returns what ends the reading */
  readonly read: (
    consumer: Consumer,
    take: (message: JsMsg) => void,
  ) => Promise<() => Promise<unknown>>;
}

/**
 * The program that one would write by hand. Its acknowledgements are not confirmed one by one; the last `flush` is for all of them.
 */
const bare = (name: NatsName, { noAsyncTraces, read }: Variant): NatsContender => ({
  name,

  async open(stream, handle) {
    const connection = await connect({ servers: NATS, noAsyncTraces });
    const client = jetstream(connection);
    const manager = await jetstreamManager(connection);
    const subject = `${stream}.orders`;
    await manager.streams.add({
      name: stream,
      subjects: [`${stream}.>`],
      storage: StorageType.File,
      retention: RetentionPolicy.Limits,
      discard: DiscardPolicy.New,
      duplicate_window: nanos(DUPLICATES_MS),
    });
    await manager.consumers.add(stream, {
      durable_name: READER,
      filter_subject: subject,
      ack_policy: AckPolicy.Explicit,
      ack_wait: nanos(ACK_WAIT_MS),
      max_ack_pending: MOST_PENDING,
    });
    const consumer = await client.consumers.get(stream, READER);
    return {
      publish: (messages) => {
        const batch = randomUUID();
        return publishAll(messages, (n) =>
          client.publish(subject, JSON.stringify(orderOf(n)), { msgID: `${batch}-${n}` }),
        );
      },
      read: () =>
        read(consumer, (message) => {
          void handle(message.json<Order>()).then(
            () => message.ack(),
            () => message.nak(),
          );
        }),
      settled: () => connection.flush(),
      close: () => connection.close(),
    };
  },
});

/** As the documentation of the client has it: `for await` over what `consume` gives. */
export const bareClient: NatsContender = bare('bare client', {
  noAsyncTraces: false,
  read: async (consumer, take) => {
    const messages = await consumer.consume({ max_messages: AT_ONCE });
    const ended = (async () => {
      for await (const message of messages) take(message);
    })();
    return async () => {
      await messages.close();
      await ended;
    };
  },
});

/** As quick as the client allows: a callback, since the iterator costs half as much again, and no stack for each request. */
export const bareClientTuned: NatsContender = bare('bare client, tuned', {
  noAsyncTraces: true,
  read: async (consumer, take) => {
    const messages = await consumer.consume({ max_messages: AT_ONCE, callback: take });
    return () => messages.close();
  },
});
