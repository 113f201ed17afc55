import { openStorage, type JsonValue } from '@dagger/core';
import { definePubSubAgent, PubSubExecutor, StorageTransport } from '@dagger/pubsub';

/** Text that would move cursors, colour what follows, and break lines. */
export const HOSTILE = 'a\u001b[31mred\u001b]0;title\u0007\nnext\u202e';

/** What the agents have handled. */
export interface Handled {
  readonly charge: string[];
  readonly ship: string[];
}

/**
 * Orders that are checked, and then charged and shipped. `charge` fails on those that are called as it is told to, which makes
 * dead letters after two attempts; two agents ship them, as one group.
 */
export const handleOrders = async (
  url: string,
  orders: readonly JsonValue[],
  failsOn: readonly string[] = [],
): Promise<Handled> => {
  const handled: Handled = { charge: [], ship: [] };
  const storage = await openStorage(url);
  const ship = (name: string) =>
    definePubSubAgent<{ readonly name: string }>({
      name,
      group: 'shipping',
      subscriptions: ['orders.checked'],
      processMessage: ({ payload }) => void handled.ship.push(payload.name),
    });
  const bus = await PubSubExecutor.open({
    transport: await StorageTransport.open({ storage }),
    agents: [
      definePubSubAgent<{ readonly name: string }>({
        name: 'intake',
        subscriptions: ['orders.new'],
        processMessage: ({ payload }, ctx) => ctx.publish('orders.checked', payload),
      }),
      definePubSubAgent<{ readonly name: string }>({
        name: 'charge',
        subscriptions: ['orders.checked'],
        retry: { attempts: 2, strategy: { type: 'immediate' } },
        processMessage: ({ payload: { name } }) => {
          if (failsOn.includes(name)) throw new Error(`no money \u001b[31mfor ${name}`);
          handled.charge.push(name);
        },
      }),
      ship('ann'),
      ship('bob'),
    ],
  });
  try {
    for (const message of orders)
      await bus.execute({ channel: 'orders.new', message, headers: { tenant: 'acme' } });
    await bus.idle();
  } finally {
    await bus.close();
    await storage.close();
  }
  return handled;
};
