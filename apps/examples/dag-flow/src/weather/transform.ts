import { defineAction } from '@dagger/core';
import { z } from 'zod';
import { round } from '../data/round.ts';
import { derivedDay, SEASONS, weatherDay, type DerivedDay, type WeatherDay } from './day.ts';

const WET_FROM_MM = 1;
const HEATING_BASE = 18;

export const transformWeather = defineAction({
  name: 'transform_weather',
  description: 'Derives calendar and temperature columns',
  input: z.object({ data: z.array(weatherDay) }),
  output: z.object({ transformed: z.array(derivedDay) }),
  execute: ({ inputs }) => ({ transformed: inputs.data.map(derive) }),
});

const derive = (day: WeatherDay): DerivedDay => {
  const month = Number(day.date.slice(5, 7));
  const mean = (day.temp_max + day.temp_min) / 2;
  return {
    ...day,
    year: Number(day.date.slice(0, 4)),
    month,
    // December opens the winter: 12, 1, 2 fall into the first quarter.
    season: SEASONS[Math.floor((month % 12) / 3)] as DerivedDay['season'],
    temp_mean: round(mean),
    temp_range: round(day.temp_max - day.temp_min),
    wet: day.precipitation >= WET_FROM_MM,
    heating_degrees: round(Math.max(0, HEATING_BASE - mean)),
  };
};
