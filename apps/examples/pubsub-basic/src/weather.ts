import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { JsonObject } from '@dagger/core';
import { PubSubExecutor, type Message } from '@dagger/pubsub';
import { parse } from 'csv-parse/sync';
import { diary, reader, watch } from './agents.ts';

const require = createRequire(import.meta.url);

/** The days of a year in the file of vega-datasets. */
export const daysOf = async (year: string): Promise<readonly JsonObject[]> => {
  const file = join(dirname(dirname(require.resolve('vega-datasets'))), 'data', 'weather.csv');
  const days: JsonObject[] = parse(await readFile(file), { columns: true });
  return days.filter(({ date }) => typeof date === 'string' && date.startsWith(year));
};

export interface Summary {
  readonly days: number;
  readonly warnings: readonly string[];
  readonly counts: Readonly<Record<string, number>>;
  /** Lines that could not be read, with the reason. */
  readonly dead: readonly string[];
}

/** Publishes the days line by line, and waits until nothing is left to be done. */
export const watchWeather = async (days: readonly JsonObject[]): Promise<Summary> => {
  const counts = new Map<string, number>();
  const warnings: string[] = [];
  const dead: string[] = [];
  await using bus = await PubSubExecutor.open({ agents: [reader, watch, diary(counts)] });
  bus.channel('warning').messages$.subscribe(({ payload }) => {
    const { place, date, why } = payload as Readonly<Record<string, string>>;
    warnings.push(`${date} ${place}: ${why}`);
  });
  bus.channel('dead.>').messages$.subscribe(({ headers }: Message) => {
    dead.push(headers['dead-reason'] ?? '');
  });
  for (const day of days) await bus.publish('line', day);
  await bus.idle();
  return { days: days.length, warnings, counts: Object.fromEntries(counts), dead };
};
