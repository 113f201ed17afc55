import { definePubSubAgent, type AnyPubSubAgent } from '@dagger/pubsub';
import { Alert, Seism } from '../schemas.ts';

/** Knows only what is strong; the rater says what that is. */
export const strongWatch: AnyPubSubAgent = definePubSubAgent({
  name: 'strong-watch',
  description: 'warns of every strong earthquake',
  subscriptions: ['quake.strong'],
  publications: ['alert.strong'],
  input: Seism,
  output: Alert,
  processMessage: ({ payload: { id, magnitude, place, gap } }, ctx) =>
    ctx.publish('alert.strong', { subject: id, text: `magnitude ${magnitude}, ${place}`, gap }),
});

/** Knows only waves. Of a strong earthquake under the sea there are so two alerts about one subject. */
export const tsunamiWatch: AnyPubSubAgent = definePubSubAgent({
  name: 'tsunami-watch',
  description: 'warns of waves',
  subscriptions: ['event.earthquake'],
  publications: ['alert.tsunami'],
  input: Seism,
  output: Alert,
  processMessage({ payload: { id, tsunami, place, gap } }, ctx) {
    if (tsunami) ctx.publish('alert.tsunami', { subject: id, text: `waves, ${place}`, gap });
  },
});
