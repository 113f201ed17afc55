import { defineAction, NonRetryableError } from '@dagger/core';
import { z } from 'zod';
import { climate, type MonthClimate, type PlaceClimate } from './analyze-climate.ts';
import { conditions, type PlaceConditions } from './analyze-conditions.ts';
import { quality } from './quality.ts';

const place = z.object({
  location: z.string(),
  warmest_month: z.int(),
  coldest_month: z.int(),
  wettest_month: z.int(),
  driest_month: z.int(),
  commonest_weather: z.string(),
  climate: climate.element,
  conditions: conditions.element,
});

export const summary = z.object({ quality, places: z.array(place) });

export type Summary = z.infer<typeof summary>;
export type PlaceSummary = z.infer<typeof place>;

export const combineWeather = defineAction({
  name: 'combine_weather',
  description: 'Joins the two analyses place by place and names the extremes',
  input: z.object({ climate, conditions, quality }),
  output: z.object({ summary }),
  execute: ({ inputs }) => ({
    summary: {
      quality: inputs.quality,
      places: inputs.climate.map((own) => combine(own, inputs.conditions)),
    },
  }),
});

const combine = (own: PlaceClimate, all: readonly PlaceConditions[]): PlaceSummary => {
  const { location } = own;
  const met = all.find((other) => other.location === location);
  if (met === undefined)
    throw new NonRetryableError(`the analyses disagree: only one of them has ${location}`);
  return {
    location,
    warmest_month: extreme(own.months, (month) => month.temp_mean),
    coldest_month: extreme(own.months, (month) => -month.temp_mean),
    wettest_month: extreme(own.months, (month) => month.precipitation),
    driest_month: extreme(own.months, (month) => -month.precipitation),
    commonest_weather: met.frequencies[0]?.weather ?? 'unknown',
    climate: own,
    conditions: met,
  };
};

const extreme = (months: readonly MonthClimate[], by: (month: MonthClimate) => number): number =>
  months.reduce((best, month) => (by(month) > by(best) ? month : best)).month;
