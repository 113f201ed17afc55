import { definePubSubAgent, PubSubExecutor, StorageTransport } from '@dagger/pubsub';
import {
  AT_ONCE,
  orderOf,
  type DurableContender,
  type DurableGroup,
  type DurablePass,
  type Order,
} from './contender.ts';
import { urlOf } from './places.ts';

/** Publishers that each wait until their message is durable before they publish the next one. */
const run = async (
  group: DurableGroup,
  { place, messages, handle }: DurablePass,
): Promise<number> => {
  const agent = definePubSubAgent<Order>({
    name: 'clerk',
    subscriptions: ['orders'],
    concurrency: AT_ONCE,
    processMessage: ({ payload }) => handle(payload),
  });
  const transport = await StorageTransport.open({ storage: urlOf(group, place) });
  await using bus = await PubSubExecutor.open({ agents: [agent], transport, trace: false });
  let next = 0;
  const publisher = async (): Promise<void> => {
    while (next < messages) await bus.publish('orders', orderOf(next++));
  };
  const began = performance.now();
  await Promise.all(Array.from({ length: AT_ONCE }, publisher));
  await bus.idle();
  return performance.now() - began;
};

export const daggerOn = (group: DurableGroup): DurableContender => ({
  name: 'dagger',
  role: 'dagger',
  group,
  run: (pass) => run(group, pass),
});
