import { sift } from '../data/sift.ts';
import type { RawRow } from '../data/table.ts';
import type { WeatherDay } from './day.ts';
import type { Quality } from './quality.ts';
import { rawDay } from './raw-day.ts';

const DAY_MS = 86_400_000;

/** Parts the rows that can be true from those that cannot. */
export const judge = (
  rows: readonly RawRow[],
  onRow: (index: number) => void,
): { readonly days: WeatherDay[]; readonly quality: Quality } => {
  const { kept: days, faults } = sift(rows, rawDay, {
    key: ({ location, date }) => JSON.stringify([location, date]),
    onRow,
  });
  const odd = { dry_rain: dryRain(days), missing_days: missingDays(days) };
  return { days, quality: { ...faults, odd } };
};

const dryRain = (days: readonly WeatherDay[]): number =>
  days.filter((day) => day.weather === 'rain' && day.precipitation === 0).length;

const missingDays = (days: readonly WeatherDay[]): number => {
  let missing = 0;
  for (const own of Map.groupBy(days, (day) => day.location).values()) {
    const times = own.map((day) => Date.parse(day.date)).sort((a, b) => a - b);
    const span = ((times.at(-1) ?? 0) - (times[0] ?? 0)) / DAY_MS + 1;
    missing += span - own.length;
  }
  return missing;
};
