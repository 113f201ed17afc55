import { z } from 'zod';

/** A record of the log, as far as the reader looks at it; the records have more. */
export const LogRecord = z.object({
  id: z.string(),
  properties: z.object({
    type: z.string(),
    place: z.string(),
    time: z.number(),
    mag: z.number(),
    rms: z.number().nullable(),
    gap: z.number().nullable(),
    tsunami: z.number(),
  }),
  geometry: z.object({ coordinates: z.tuple([z.number(), z.number(), z.number()]) }),
});
export type LogRecord = z.infer<typeof LogRecord>;

/** What the other agents work with. */
export const Seism = z.object({
  id: z.string(),
  kind: z.enum(['earthquake', 'explosion', 'quarry blast']),
  time: z.number().int(),
  place: z.string().min(1),
  region: z.string().min(1),
  magnitude: z.number().min(-3).max(10),
  /** Seconds by which the waves came otherwise than the location says. Without it nobody knows what that is worth. */
  rms: z.number().min(0),
  /** The widest angle without a station, in degrees. Above 180 the location is a guess. */
  gap: z.number().min(0).max(360).nullable(),
  tsunami: z.boolean(),
  longitude: z.number().min(-180).max(180),
  latitude: z.number().min(-90).max(90),
});
export type Seism = z.infer<typeof Seism>;

/** An earthquake and the airport that is next to it; null where there is none within reach. */
export const Located = z.object({
  id: z.string(),
  magnitude: z.number(),
  airport: z.string().nullable(),
  kilometres: z.number().nullable(),
});
export type Located = z.infer<typeof Located>;

/** What is known of a region. The last message says all, so it is also what the counting goes on from. */
export const Tally = z.object({
  region: z.string(),
  events: z.number().int(),
  strongest: z.number(),
  /** Earthquakes in each hour since the epoch. */
  hours: z.record(z.string(), z.number().int()),
});
export type Tally = z.infer<typeof Tally>;

/** Something that people should hear of. */
export const Alert = z.object({
  /** Of two alerts about the same subject one is enough. */
  subject: z.string(),
  text: z.string(),
  gap: z.number().nullable(),
});
export type Alert = z.infer<typeof Alert>;

/** What is to be told to the public, once a person has seen it. */
export const Bulletin = Alert.extend({ alertId: z.string() });
export type Bulletin = z.infer<typeof Bulletin>;
