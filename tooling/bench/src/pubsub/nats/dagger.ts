import { natsTransport } from '@dagger/nats';
import { definePubSubAgent, PubSubExecutor } from '@dagger/pubsub';
import { AT_ONCE, orderOf, type Order } from '../durable/contender.ts';
import { NATS } from '../../servers.ts';
import type { NatsContender } from './contender.ts';
import { publishAll } from './publish-all.ts';

const CLERK = 'clerk';

export const dagger: NatsContender = {
  name: 'dagger',

  async open(stream, handle) {
    const transport = await natsTransport({ servers: NATS, stream, prefix: stream });
    const bus = await PubSubExecutor.open({ transport, trace: false });
    const agent = definePubSubAgent<Order>({
      name: CLERK,
      subscriptions: ['orders'],
      concurrency: AT_ONCE,
      processMessage: ({ payload }) => handle(payload),
    });
    const read = async (): Promise<() => Promise<void>> => {
      await bus.addAgent(agent);
      return () => bus.removeAgent(CLERK);
    };
    // A group that is known goes on where it was, also after what is published before it reads again.
    await (
      await read()
    )();
    return {
      publish: (messages) => publishAll(messages, (n) => bus.publish('orders', orderOf(n))),
      read,
      settled: () => bus.idle(),
      close: () => bus.close(),
    };
  },
};
