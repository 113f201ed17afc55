import Database from 'better-sqlite3';
import type { JsonObject } from '@dagger/core';
import { expect, test } from 'vitest';
import { rawRows } from './raw-file.ts';
import { runPipeline } from './run-pipeline.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** The raw file as a table, so that SQL can say what the figures must be. */
const weatherTable = (): Database.Database => {
  const db = new Database(':memory:');
  db.exec(
    'CREATE TABLE weather (location TEXT, date TEXT, precipitation REAL, high REAL, low REAL, wind REAL, weather TEXT)',
  );
  const insert = db.prepare('INSERT INTO weather VALUES (?, ?, ?, ?, ?, ?, ?)');
  for (const row of rawRows('weather.csv')) insert.run(row);
  return db;
};

const summaryOf = async (): Promise<{ readonly places: readonly JsonObject[] }> => {
  const report = await runPipeline({ output_folder: await temporaryFolder() });
  expect(report.status).toBe('succeeded');
  return report.node('combine_results')?.outputs?.['summary'] as never;
};

test('the climate of each place is what SQL computes from the raw rows', async () => {
  const db = weatherTable();
  const months = db.prepare(
    `SELECT CAST(substr(date, 6, 2) AS INTEGER) AS month, count(*) AS days, avg((high + low) / 2) AS mean,
       sqrt(avg((high + low) * (high + low) / 4) - avg((high + low) / 2) * avg((high + low) / 2)) AS deviation,
       min(low) AS lowest, max(high) AS highest, sum(precipitation) / 4 AS precipitation,
       sum(precipitation >= 1) / 4.0 AS wet
     FROM weather WHERE location = ? GROUP BY month ORDER BY month`,
  );
  const whole = db.prepare(
    `SELECT count(*) AS days, avg((high + low) / 2) AS mean, sum(precipitation) / 4 AS precipitation,
       sum(max(0, 18 - (high + low) / 2)) / 4 AS heating FROM weather WHERE location = ?`,
  );
  const { places } = await summaryOf();
  expect(places.map((place) => place['location'])).toEqual(['Seattle', 'New York']);
  for (const place of places) {
    const climate = place['climate'] as Record<string, number> & {
      months: Record<string, number>[];
    };
    const total = whole.get(place['location']) as Record<string, number>;
    expect(climate['days']).toBe(total['days']);
    expect(climate['temp_mean']).toBeCloseTo(total['mean'] ?? Number.NaN, 1);
    expect(climate['precipitation_per_year']).toBeCloseTo(total['precipitation'] ?? Number.NaN, 1);
    expect(climate['heating_degrees_per_year']).toBeCloseTo(total['heating'] ?? Number.NaN, 1);
    const expected = months.all(place['location']) as Record<string, number>[];
    expect(climate.months).toHaveLength(12);
    for (const [i, month] of climate.months.entries()) {
      const wanted = expected[i] ?? {};
      expect(month).toMatchObject({
        month: wanted['month'],
        days: wanted['days'],
        temp_lowest: wanted['lowest'],
        temp_highest: wanted['highest'],
        wet_days: wanted['wet'],
      });
      expect(month['temp_mean']).toBeCloseTo(wanted['mean'] ?? Number.NaN, 1);
      expect(month['temp_deviation']).toBeCloseTo(wanted['deviation'] ?? Number.NaN, 1);
      expect(month['precipitation']).toBeCloseTo(wanted['precipitation'] ?? Number.NaN, 1);
    }
  }
});

test('the months that stand out are those that SQL puts first', async () => {
  const db = weatherTable();
  const first = (order: string, location: unknown): unknown =>
    db
      .prepare(
        `SELECT CAST(substr(date, 6, 2) AS INTEGER) AS month FROM weather WHERE location = ?
         GROUP BY month ORDER BY ${order} LIMIT 1`,
      )
      .pluck()
      .get(location);
  const { places } = await summaryOf();
  for (const { location, ...place } of places) {
    expect(place).toMatchObject({
      warmest_month: first('avg(high + low) DESC', location),
      coldest_month: first('avg(high + low)', location),
      wettest_month: first('sum(precipitation) DESC', location),
      driest_month: first('sum(precipitation)', location),
    });
  }
});

test('how often each weather occurs and stays is what a walk over the raw rows counts', async () => {
  const { places } = await summaryOf();
  for (const { location, conditions } of places) {
    const days = rawRows('weather.csv').filter((row) => row[0] === location);
    for (const found of (conditions as { frequencies: Record<string, unknown>[] }).frequencies) {
      let count = 0;
      let followed = 0;
      let again = 0;
      for (let i = 0; i < days.length; i++) {
        if (days[i]?.[6] !== found['weather']) continue;
        count++;
        if (i + 1 === days.length) continue;
        followed++;
        if (days[i + 1]?.[6] === found['weather']) again++;
      }
      expect(found['days']).toBe(count);
      expect(found['share']).toBeCloseTo(count / days.length, 3);
      expect(found['stays']).toBeCloseTo(again / followed, 3);
    }
  }
});

test('correlations agree with the sums of products that SQL adds up', async () => {
  const db = weatherTable();
  const pearson = (a: string, b: string, location: unknown): number =>
    db
      .prepare(
        `SELECT (count(*) * sum(a * b) - sum(a) * sum(b))
           / sqrt((count(*) * sum(a * a) - sum(a) * sum(a)) * (count(*) * sum(b * b) - sum(b) * sum(b)))
         FROM (SELECT ${a} AS a, ${b} AS b FROM weather WHERE location = ?)`,
      )
      .pluck()
      .get(location) as number;
  const { places } = await summaryOf();
  for (const { location, conditions } of places) {
    const { correlations } = conditions as { correlations: Record<string, number> };
    const close = (name: string, a: string, b: string): void =>
      expect(correlations[name]).toBeCloseTo(pearson(a, b, location), 3);
    close('precipitation_and_wind', 'precipitation', 'wind');
    close('precipitation_and_temp_range', 'precipitation', 'high - low');
    close('temp_min_and_temp_max', 'low', 'high');
  }
});
