import { defineAction } from '@dagger/core';
import { sampleCorrelation } from 'simple-statistics';
import { z } from 'zod';
import { round } from '../data/round.ts';
import { CONDITIONS, derivedDay, type DerivedDay } from './day.ts';

const frequency = z.object({
  weather: z.enum(CONDITIONS),
  days: z.int(),
  share: z.number(),
  /** The share of these days that were followed by another of the kind. */
  stays: z.number().nullable(),
});

const placeConditions = z.object({
  location: z.string(),
  frequencies: z.array(frequency),
  /** Pearson's r; null where a column does not vary. */
  correlations: z.object({
    precipitation_and_wind: z.number().nullable(),
    precipitation_and_temp_range: z.number().nullable(),
    temp_min_and_temp_max: z.number().nullable(),
  }),
});

export const conditions = z.array(placeConditions);

export type PlaceConditions = z.infer<typeof placeConditions>;

export const analyzeConditions = defineAction({
  name: 'analyze_conditions',
  description: 'Frequencies of the kinds of weather, how they persist, and correlations',
  input: z.object({ data: z.array(derivedDay) }),
  output: z.object({ analysis: conditions }),
  execute(ctx) {
    const places = [...Map.groupBy(ctx.inputs.data, (day) => day.location)];
    return {
      analysis: places.map(([location, days], i) => {
        const found = conditionsOf(location, days);
        ctx.progress((i + 1) / places.length, location);
        return found;
      }),
    };
  },
});

const conditionsOf = (location: string, unordered: readonly DerivedDay[]): PlaceConditions => {
  const days = unordered.toSorted((a, b) => (a.date < b.date ? -1 : 1));
  return {
    location,
    frequencies: CONDITIONS.map((weather) => frequencyOf(weather, days)).toSorted(
      (a, b) => b.days - a.days,
    ),
    correlations: {
      precipitation_and_wind: correlation(days, 'precipitation', 'wind'),
      precipitation_and_temp_range: correlation(days, 'precipitation', 'temp_range'),
      temp_min_and_temp_max: correlation(days, 'temp_min', 'temp_max'),
    },
  };
};

const frequencyOf = (
  weather: DerivedDay['weather'],
  days: readonly DerivedDay[],
): z.infer<typeof frequency> => {
  const count = days.filter((day) => day.weather === weather).length;
  const followed = days.slice(0, -1).filter((day) => day.weather === weather).length;
  const again = days.filter(
    (day, i) => day.weather === weather && days[i + 1]?.weather === weather,
  ).length;
  return {
    weather,
    days: count,
    share: round(count / days.length, 4),
    stays: followed === 0 ? null : round(again / followed, 4),
  };
};

type Measured = 'precipitation' | 'wind' | 'temp_range' | 'temp_min' | 'temp_max';

const correlation = (days: readonly DerivedDay[], a: Measured, b: Measured): number | null => {
  if (days.length < 2) return null;
  const r = sampleCorrelation(
    days.map((day) => day[a]),
    days.map((day) => day[b]),
  );
  return Number.isFinite(r) ? round(r, 4) : null;
};
