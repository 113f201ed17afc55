import { definePubSubAgent, type AnyPubSubAgent } from '@dagger/pubsub';
import { Seism } from '../schemas.ts';

type Class = 'unfelt' | 'felt' | 'strong';

const classOf = (magnitude: number): Class => {
  if (magnitude < 2.5) return 'unfelt';
  return magnitude < 5 ? 'felt' : 'strong';
};

/** Sorts the earthquakes onto channels of their own, so that others read only what concerns them. */
export const rater: AnyPubSubAgent = definePubSubAgent({
  name: 'rater',
  description: 'classes earthquakes by what people notice of them',
  subscriptions: ['event.earthquake'],
  publications: ['quake.*'],
  input: Seism,
  output: Seism,
  processMessage: ({ payload }, ctx) => ctx.publish(`quake.${classOf(payload.magnitude)}`, payload),
});
