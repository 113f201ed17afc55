import { definePubSubAgent, type AnyPubSubAgent } from '@dagger/pubsub';
import { channelPart, regionOf } from '../log/region.ts';
import { LogRecord, Seism } from '../schemas.ts';

/** Makes an event of a record. One that lacks what an event must have becomes a dead letter, and the others go on. */
export const reader: AnyPubSubAgent = definePubSubAgent({
  name: 'reader',
  description: 'makes events of the records of the log',
  subscriptions: ['log'],
  publications: ['event.*'],
  input: LogRecord,
  output: Seism,
  // Read again it would say the same.
  retry: { attempts: 1 },
  processMessage({ payload: { id, properties, geometry } }, ctx) {
    const { type, place, time, mag, rms, gap, tsunami } = properties;
    const [longitude, latitude] = geometry.coordinates;
    const region = regionOf(place);
    const event = { id, kind: type, time, place, region, magnitude: mag, rms, gap };
    ctx.publish(`event.${channelPart(type)}`, {
      ...(event as Seism),
      tsunami: tsunami === 1,
      longitude,
      latitude,
    });
  },
});
