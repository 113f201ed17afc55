import { z } from 'zod';
import { CONDITIONS, type WeatherDay } from './day.ts';

// Aborting, so that an empty cell is not also judged as the number 0.
const text = z.string('is missing').min(1, { error: 'is missing', abort: true });

/** A number written as text, within what the Earth's weather has ever been. */
const measure = (low: number, high: number): z.ZodType<number, string> =>
  text
    .transform(Number)
    .pipe(z.number('is not a number').min(low, `is below ${low}`).max(high, `is above ${high}`));

/** A row of the file on its way to a day; each message continues the name of its column. */
export const rawDay: z.ZodType<WeatherDay> = z
  .object({
    location: text,
    date: text.pipe(z.iso.date('is not a date')),
    precipitation: measure(0, 2_000),
    temp_max: measure(-90, 60),
    temp_min: measure(-90, 60),
    wind: measure(0, 150),
    weather: text.pipe(z.enum(CONDITIONS, 'is not known')),
  })
  .refine((day) => day.temp_min <= day.temp_max, {
    path: ['temp_min'],
    message: 'is above temp_max',
  });

export const COLUMNS = [
  'location',
  'date',
  'precipitation',
  'temp_max',
  'temp_min',
  'wind',
  'weather',
] as const;
