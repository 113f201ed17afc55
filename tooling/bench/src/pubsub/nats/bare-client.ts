import { randomUUID } from 'node:crypto';
import {
  AckPolicy,
  DiscardPolicy,
  jetstream,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
} from '@nats-io/jetstream';
import { connect, nanos } from '@nats-io/transport-node';
import { AT_ONCE, orderOf, type Order } from '../durable/contender.ts';
import { NATS } from '../../servers.ts';
import type { NatsContender } from './contender.ts';
import { publishAll } from './publish-all.ts';

const READER = 'clerk';
/** As the adapter has them. */
const DUPLICATES_MS = 120_000;
const ACK_WAIT_MS = 30_000;
const MOST_PENDING = 65_536;

/**
 * The program that one would write by hand, as quick as the client allows: a callback, since its iterator costs half as much again, and
 * no stack for each request. Its acknowledgements are not confirmed one by one; the last `flush` is for all of them.
 */
export const bareClient: NatsContender = {
  name: 'bare client',

  async open(stream, handle) {
    const connection = await connect({ servers: NATS, noAsyncTraces: true });
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
      read: async () => {
        const messages = await consumer.consume({
          max_messages: AT_ONCE,
          callback: (message) =>
            void handle(message.json<Order>()).then(
              () => message.ack(),
              () => message.nak(),
            ),
        });
        return () => messages.close();
      },
      settled: () => connection.flush(),
      close: () => connection.close(),
    };
  },
};
