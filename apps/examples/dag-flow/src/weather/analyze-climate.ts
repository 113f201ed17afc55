import { defineAction } from '@dagger/core';
import { max, mean, min, standardDeviation, sum } from 'simple-statistics';
import { z } from 'zod';
import { round } from '../data/round.ts';
import { derivedDay, type DerivedDay } from './day.ts';

const monthClimate = z.object({
  month: z.int(),
  days: z.int(),
  temp_mean: z.number(),
  temp_deviation: z.number(),
  temp_lowest: z.number(),
  temp_highest: z.number(),
  /** Millimetres in an average month of that name. */
  precipitation: z.number(),
  wet_days: z.number(),
});

const placeClimate = z.object({
  location: z.string(),
  days: z.int(),
  years: z.int(),
  temp_mean: z.number(),
  precipitation_per_year: z.number(),
  heating_degrees_per_year: z.number(),
  months: z.array(monthClimate),
});

export const climate = z.array(placeClimate);

export type PlaceClimate = z.infer<typeof placeClimate>;
export type MonthClimate = z.infer<typeof monthClimate>;

export const analyzeClimate = defineAction({
  name: 'analyze_climate',
  description: 'Statistics of temperature and precipitation by place and month',
  input: z.object({ data: z.array(derivedDay) }),
  output: z.object({ analysis: climate }),
  execute(ctx) {
    const places = [...Map.groupBy(ctx.inputs.data, (day) => day.location)];
    return {
      analysis: places.map(([location, days], i) => {
        const found = climateOf(location, days);
        ctx.progress((i + 1) / places.length, location);
        return found;
      }),
    };
  },
});

const climateOf = (location: string, days: readonly DerivedDay[]): PlaceClimate => {
  const years = new Set(days.map((day) => day.year)).size;
  const months = [...Map.groupBy(days, (day) => day.month)].toSorted(([a], [b]) => a - b);
  return {
    location,
    days: days.length,
    years,
    temp_mean: round(mean(days.map((day) => day.temp_mean))),
    precipitation_per_year: round(sum(days.map((day) => day.precipitation)) / years),
    heating_degrees_per_year: round(sum(days.map((day) => day.heating_degrees)) / years),
    months: months.map(([month, own]) => monthOf(month, own)),
  };
};

const monthOf = (month: number, days: readonly DerivedDay[]): MonthClimate => {
  const years = new Set(days.map((day) => day.year)).size;
  const temperatures = days.map((day) => day.temp_mean);
  return {
    month,
    days: days.length,
    temp_mean: round(mean(temperatures)),
    temp_deviation: round(standardDeviation(temperatures)),
    temp_lowest: min(days.map((day) => day.temp_min)),
    temp_highest: max(days.map((day) => day.temp_max)),
    precipitation: round(sum(days.map((day) => day.precipitation)) / years),
    wet_days: round(days.filter((day) => day.wet).length / years),
  };
};
