import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { sqlite } from '@dagger/sqlite';
import { expect, test } from 'vitest';
import { compareWeather, openWeather } from '../src/compare-weather.ts';

const require = createRequire(import.meta.url);
const file = join(dirname(dirname(require.resolve('vega-datasets'))), 'data', 'weather.csv');

/** The share of days with rain, counted line by line. */
const percentOfWetDays = async (city: string): Promise<number> => {
  const lines = (await readFile(file, 'utf8')).split('\n').map((line) => line.split(','));
  const days = lines.filter(([location]) => location === city);
  const wet = days.filter(([, , precipitation]) => Number(precipitation) > 0);
  return Math.round((100 * wet.length) / days.length);
};

test('the job compares the cities, after a reading that failed was tried again', async () => {
  await using manager = await openWeather(sqlite(':memory:'));
  const job = await compareWeather(manager);
  const { success, outputs } = await job.done;
  expect(success).toBe(true);
  const { text } = outputs['objective'] as { text: string };
  expect(text.split('\n').map((line) => line.replace(/ of the days.*/, ''))).toEqual([
    `Seattle: rain on ${await percentOfWetDays('Seattle')} %`,
    `New York: rain on ${await percentOfWetDays('New York')} %`,
  ]);
  const runs = (await job.tasks()).map(({ key, runs, failures }) => [key, runs, failures]);
  expect(runs).toEqual([
    ['objective', 1, 0],
    ['seattle', 2, 1],
    ['new-york', 1, 0],
  ]);
});

test('started again, it is the job that is there', async () => {
  await using manager = await openWeather(sqlite(':memory:'));
  const first = await (await compareWeather(manager)).done;
  const again = await compareWeather(manager);
  expect(again.isNew).toBe(false);
  expect(await again.done).toEqual(first);
});
