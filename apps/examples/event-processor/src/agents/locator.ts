import { definePubSubAgent, type AnyPubSubAgent } from '@dagger/pubsub';
import type { Gazetteer } from '../gazetteer.ts';
import { Located, Seism } from '../schemas.ts';

/** Asks a service that is often busy. A refusal costs an attempt and a little time, and holds up no other message. */
export const locator = (gazetteer: Gazetteer): AnyPubSubAgent =>
  definePubSubAgent({
    name: 'locator',
    description: 'finds the airport whose runways should be looked at',
    subscriptions: ['quake.felt', 'quake.strong'],
    publications: ['located'],
    input: Seism,
    output: Located,
    concurrency: 3,
    timeout: 10,
    // It is busy, not broken: asking again is worth it for long.
    retry: {
      attempts: 50,
      strategy: { type: 'exponential', initialDelay: 0.01, multiplier: 2, maxDelay: 0.5 },
    },
    async processMessage({ payload: { id, magnitude, latitude, longitude } }, ctx) {
      const found = await gazetteer.nearest(latitude, longitude);
      const { airport = null, kilometres = null } = found ?? {};
      ctx.publish('located', { id, magnitude, airport, kilometres });
    },
  });
