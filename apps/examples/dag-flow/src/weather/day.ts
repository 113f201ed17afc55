import { z } from 'zod';

export const CONDITIONS = ['drizzle', 'fog', 'rain', 'snow', 'sun'] as const;

/** A day at a place, checked. Millimetres, degrees Celsius and the file's unit of wind. */
export const weatherDay = z.object({
  location: z.string(),
  date: z.iso.date(),
  precipitation: z.number(),
  temp_max: z.number(),
  temp_min: z.number(),
  wind: z.number(),
  weather: z.enum(CONDITIONS),
});

export type WeatherDay = z.infer<typeof weatherDay>;

export const SEASONS = ['winter', 'spring', 'summer', 'autumn'] as const;

/** A day with what can be told from it. */
export const derivedDay = weatherDay.extend({
  year: z.int(),
  month: z.int().min(1).max(12),
  season: z.enum(SEASONS),
  temp_mean: z.number(),
  temp_range: z.number(),
  /** At least one millimetre, as meteorologists count. */
  wet: z.boolean(),
  /** Degrees that a heating must make up for, below a base of 18 °C. */
  heating_degrees: z.number(),
});

export type DerivedDay = z.infer<typeof derivedDay>;
