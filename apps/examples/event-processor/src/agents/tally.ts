import { definePubSubAgent, type AnyPubSubAgent } from '@dagger/pubsub';
import { z } from 'zod';
import { channelPart } from '../log/region.ts';
import { Alert, Seism, Tally } from '../schemas.ts';

/** Earthquakes of one region in one hour that are a swarm. */
const SWARM = 8;

const HOUR = 3_600_000;

const hourOf = (time: number): string => new Date(time - (time % HOUR)).toISOString().slice(0, 13);

const withEvent = (known: Tally | undefined, event: Seism): Tally => {
  const { region, magnitude } = event;
  const before: Tally = known ?? { region, events: 0, strongest: magnitude, hours: {} };
  const hour = hourOf(event.time);
  const more = event.kind === 'earthquake' ? { [hour]: (before.hours[hour] ?? 0) + 1 } : {};
  return {
    region,
    events: before.events + 1,
    strongest: Math.max(before.strongest, magnitude),
    hours: { ...before.hours, ...more },
  };
};

/**
 * Counts by region, and sees swarms. What it knows is the last message of a region's channel, which goes out together with the
 * acknowledgement of the event that it counts: so after a crash no event is counted twice, and none is missing.
 * @param known the last tally of a region; it changes when a tally is durable, before the next event of the region comes
 */
export const tally = (known: (region: string) => Tally | undefined): AnyPubSubAgent =>
  definePubSubAgent({
    name: 'tally',
    description: 'counts the events of each region, and sees swarms',
    subscriptions: ['event.*'],
    publications: ['tally.*', 'alert.swarm'],
    input: Seism,
    output: z.union([Tally, Alert]),
    // Two events of one region at the same time would both count from the same number.
    orderBy: ({ payload: { region } }) => region,
    processMessage({ payload: event }, ctx) {
      const { region } = event;
      const next = withEvent(known(region), event);
      ctx.publish(`tally.${channelPart(region)}`, next);
      const hour = hourOf(event.time);
      if (event.kind === 'earthquake' && next.hours[hour] === SWARM)
        ctx.publish('alert.swarm', {
          subject: `${region} ${hour}`,
          text: `${region}: ${SWARM} earthquakes in the hour of ${hour} UTC`,
          gap: null,
        });
    },
  });
