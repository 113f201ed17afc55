import { definePubSubAgent } from '@dagger/pubsub';
import type { BusCrashScenario } from '@dagger/testing/transport-contract';

const AT_ONCE = { attempts: 9, strategy: { type: 'immediate' } } as const;

/**
 * A message that becomes several, each handled at the second attempt; one that nobody can handle; messages in order; and a person
 * who lets through what comes out of them, or does not.
 */
export const scenario: BusCrashScenario = {
  name: 'durable channels',
  agents: () => [
    definePubSubAgent<string, string>({
      name: 'split',
      subscriptions: ['text'],
      retry: AT_ONCE,
      processMessage: ({ payload }, ctx) => {
        for (const word of payload.split(' '))
          ctx.publish(`word.${word.length}`, `${payload}/${word}`);
      },
    }),
    definePubSubAgent<string, string>({
      name: 'measure',
      subscriptions: ['word.*'],
      retry: AT_ONCE,
      async processMessage({ payload }, ctx) {
        await Promise.resolve();
        if (ctx.attempt < 2) throw new Error('not at once');
        ctx.publish('measured', payload, { key: 'one line' });
      },
    }),
    definePubSubAgent<string, string>({
      name: 'diary',
      subscriptions: ['measured'],
      retry: AT_ONCE,
      processMessage: ({ payload }, ctx) => ctx.publish('written', payload),
    }),
    definePubSubAgent<string, string>({
      name: 'archive',
      subscriptions: ['written'],
      retry: AT_ONCE,
      processMessage: ({ payload }, ctx) => ctx.publish('kept', payload),
    }),
    definePubSubAgent<string>({
      name: 'hopeless',
      subscriptions: ['noise'],
      retry: { attempts: 1 },
      processMessage: () => {
        throw new Error('nobody understands that');
      },
    }),
  ],
  channels: { written: { review: {} } },
  review: ({ payload }) => (payload === 'bees too/too' ? 'that is no word' : null),
  inputs: [
    { channel: 'text', payload: 'ants have legs' },
    { channel: 'noise', payload: 'hum' },
    { channel: 'text', payload: 'bees too', key: 'insects' },
  ],
};
