import { ServiceBroker, type Context } from 'moleculer';
import { NotPossible } from '../../contender.ts';
import { payloadOf, type BusContender, type BusName, type Payload } from '../contender.ts';

/**
 * A broker without a transporter, and a service for each subscriber, each a group of its own. Moleculer calls every handler at once
 * and keeps no queue, so order and backpressure come from the publisher, who awaits each event.
 */
const local = (name: BusName, how: 'emit' | 'broadcast'): BusContender => ({
  name,

  async open({ subscribers, backlog, handle }) {
    if (backlog > 1)
      throw new NotPossible(
        'moleculer: no message waits, since every handler is called when it is published',
      );
    const broker = new ServiceBroker({
      logger: false,
      metrics: false,
      tracing: false,
      // It waits so long before it stops, for others to hear of it.
      registry: { stopDelay: 0 },
    });
    for (let subscriber = 0; subscriber < subscribers; subscriber += 1)
      broker.createService({
        name: `subscriber-${subscriber}`,
        events: { work: (ctx: Context<Payload>) => handle(subscriber, ctx.params) },
      });
    await broker.start();
    return {
      stream: async (first, messages) => {
        for (let n = first; n < first + messages; n += 1) await broker[how]('work', payloadOf(n));
      },
      burst: (first, messages) => {
        for (let n = first; n < first + messages; n += 1) void broker[how]('work', payloadOf(n));
      },
      close: () => broker.stop(),
    };
  },
});

export const moleculerEmit: BusContender = local('moleculer, emit', 'emit');
export const moleculerBroadcast: BusContender = local('moleculer, broadcast', 'broadcast');
