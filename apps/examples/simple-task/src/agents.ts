import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { defineTaskAgent } from '@dagger/tasks';
import { parse } from 'csv-parse/sync';
import { z } from 'zod';

const require = createRequire(import.meta.url);
/** The package exports its index only; its files lie beside it. */
const datasets = join(dirname(dirname(require.resolve('vega-datasets'))), 'data');

interface Day {
  readonly location: string;
  readonly date: string;
  readonly temp_max: number;
  readonly precipitation: number;
}

const city = z.object({ city: z.string() });
const year = z.object({
  city: z.string(),
  days: z.number(),
  wetDays: z.number(),
  hottest: z.object({ date: z.string(), degrees: z.number() }),
});

/** Reads the daily weather of one city, and says what is most worth knowing of it. */
export const weatherReader = defineTaskAgent({
  name: 'weather_reader',
  description: 'Sums up the daily weather of a city.',
  input: city,
  output: year,
  retry: { attempts: 3, strategy: { type: 'linear', delay: 0.2 } },
  async execute({ input, attempt, log }) {
    // A source that does not answer at once, as real ones do not; the next attempt comes by itself.
    if (input.city === 'Seattle' && attempt === 1) throw new Error('the source did not answer');
    const text = await readFile(join(datasets, 'weather.csv'), 'utf8');
    const days = parse<Day>(text, { columns: true, cast: true }).filter(
      (day) => day.location === input.city,
    );
    const hottest = days.reduce((a, b) => (b.temp_max > a.temp_max ? b : a));
    log.info('read', { days: days.length });
    return {
      city: input.city,
      days: days.length,
      wetDays: days.filter(({ precipitation }) => precipitation > 0).length,
      hottest: { date: hottest.date, degrees: hottest.temp_max },
    };
  },
});

/** Compares the cities that it was made to need. */
export const comparer = defineTaskAgent({
  name: 'comparer',
  description: 'Says in which city it rains more often.',
  output: z.object({ text: z.string() }),
  async execute(ctx) {
    const cities = (await ctx.dependencies()).map(({ output }) => year.parse(output));
    const share = ({ wetDays, days }: z.infer<typeof year>): number => wetDays / days;
    const lines = cities
      .toSorted((a, b) => share(b) - share(a))
      .map(
        (each) =>
          `${each.city}: rain on ${Math.round(100 * share(each))} % of the days, at most ${each.hottest.degrees} °C (${each.hottest.date})`,
      );
    return { text: lines.join('\n') };
  },
});
