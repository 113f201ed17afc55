import { definePubSubAgent, type AnyPubSubAgent } from '@dagger/pubsub';
import { z } from 'zod';

/** A day, as the file has it. */
const Day = z.object({
  location: z.string(),
  date: z.string(),
  precipitation: z.string(),
  temp_max: z.string(),
  wind: z.string(),
});

const Reading = z.object({
  place: z.string(),
  date: z.iso.date(),
  rain: z.number().min(0),
  high: z.number(),
  wind: z.number().min(0),
});

const Warning = z.object({ place: z.string(), date: z.string(), why: z.string() });

/** Turns what the file says into numbers; a line that makes no sense is a dead letter, and the others go on. */
export const reader: AnyPubSubAgent = definePubSubAgent({
  name: 'reader',
  description: 'reads a line of the weather file',
  subscriptions: ['line'],
  publications: ['reading.*'],
  input: Day,
  output: Reading,
  retry: { attempts: 1 },
  processMessage({ payload: day }, ctx) {
    const place = day.location;
    ctx.publish(`reading.${place.toLowerCase().replaceAll(' ', '-')}`, {
      place,
      date: day.date,
      rain: Number(day.precipitation),
      high: Number(day.temp_max),
      wind: Number(day.wind),
    });
  },
});

/** Knows only readings, of whatever place. */
export const watch: AnyPubSubAgent = definePubSubAgent({
  name: 'watch',
  description: 'warns of storm and heavy rain',
  subscriptions: ['reading.*'],
  publications: ['warning'],
  input: Reading,
  output: Warning,
  processMessage({ payload: { place, date, rain, wind } }, ctx) {
    if (wind > 8.5) ctx.publish('warning', { place, date, why: `wind of ${wind} m/s` });
    if (rain > 40) ctx.publish('warning', { place, date, why: `${rain} mm of rain` });
  },
});

/** Counts the warnings of each place, those of one place one after the other. */
export const diary = (counts: Map<string, number>): AnyPubSubAgent =>
  definePubSubAgent({
    name: 'diary',
    description: 'counts the warnings',
    subscriptions: ['warning'],
    publications: [],
    input: Warning,
    orderBy: ({ payload: { place } }) => place,
    processMessage({ payload: { place } }) {
      counts.set(place, (counts.get(place) ?? 0) + 1);
    },
  });
