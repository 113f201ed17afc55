import { defineAction } from '@dagger/core';
import { z } from 'zod';
import { round } from '../data/round.ts';

/** A record of cars.json; two of its columns have gaps. */
const rawCar = z.object({
  Name: z.string(),
  Miles_per_Gallon: z.number().nullable(),
  Cylinders: z.int(),
  Horsepower: z.number().nullable(),
  Weight_in_lbs: z.number(),
  Year: z.iso.date(),
  Origin: z.string(),
});

const car = z.object({
  name: z.string(),
  year: z.int(),
  origin: z.string(),
  cylinders: z.int(),
  litres_per_100_km: z.number().nullable(),
  kilowatts: z.number().nullable(),
  kilograms: z.number(),
});

const LITRES_PER_100_KM_AT_1_MPG = 235.215;
const KILOWATTS_PER_HORSEPOWER = 0.7457;
const KILOGRAMS_PER_POUND = 0.453_592_37;

export const transform = defineAction({
  name: 'transform',
  description: 'Turns car records into metric units and plain names',
  input: z.object({ data: z.array(rawCar) }),
  output: z.object({ processed: z.array(car) }),
  execute: ({ inputs }) => ({
    processed: inputs.data.map((raw) => ({
      name: raw.Name,
      year: Number(raw.Year.slice(0, 4)),
      origin: raw.Origin,
      cylinders: raw.Cylinders,
      litres_per_100_km:
        raw.Miles_per_Gallon === null
          ? null
          : round(LITRES_PER_100_KM_AT_1_MPG / raw.Miles_per_Gallon),
      kilowatts: raw.Horsepower === null ? null : round(raw.Horsepower * KILOWATTS_PER_HORSEPOWER),
      kilograms: round(raw.Weight_in_lbs * KILOGRAMS_PER_POUND),
    })),
  }),
});
