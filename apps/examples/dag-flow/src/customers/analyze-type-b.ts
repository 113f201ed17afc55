import { defineAction } from '@dagger/core';
import { linearRegression } from 'simple-statistics';
import { z } from 'zod';
import { round } from '../data/round.ts';
import { customers, type Customer } from './customer.ts';

const change = z.object({ name: z.string(), claims: z.int(), per_year: z.number() });

export const activity = z.object({
  first_year: z.string(),
  last_year: z.string(),
  claims_by_year: z.record(z.string(), z.int()),
  /** Claims that each year has more than the one before, on the line of least squares. */
  per_year: z.number(),
  growing: z.array(change),
  shrinking: z.array(change),
});

export const analyzeTypeB = defineAction({
  name: 'analyze_type_b',
  description: 'How the number of claims changes from year to year',
  input: z.object({ data: customers.min(1) }),
  output: z.object({ analysis_b: activity }),
  execute({ inputs: { data } }) {
    const years = wholeYears(data);
    const claimsByYear = Object.fromEntries(
      years.map((year) => [year, data.reduce((all, one) => all + inYear(one, year), 0)]),
    );
    const changes = data
      .map((one) => ({
        name: one.name,
        claims: one.claims,
        per_year: slope(years, (year) => inYear(one, year)),
      }))
      .toSorted((a, b) => b.per_year - a.per_year);
    return {
      analysis_b: {
        first_year: years[0] ?? '',
        last_year: years.at(-1) ?? '',
        claims_by_year: claimsByYear,
        per_year: slope(years, (year) => claimsByYear[year] ?? 0),
        growing: changes.filter((one) => one.per_year > 0).slice(0, 3),
        shrinking: changes
          .filter((one) => one.per_year < 0)
          .reverse()
          .slice(0, 3),
      },
    };
  },
});

const inYear = (one: Customer, year: string): number => one.claims_by_year[year] ?? 0;

/** The last year of a register is still being written, and would look like a fall. */
const wholeYears = (data: readonly Customer[]): readonly string[] => {
  const years = [...new Set(data.flatMap((one) => Object.keys(one.claims_by_year)))].toSorted();
  return years.length > 1 ? years.slice(0, -1) : years;
};

const slope = (years: readonly string[], count: (year: string) => number): number =>
  round(linearRegression(years.map((year) => [Number(year), count(year)])).m);
