import { defineAction } from '@dagger/core';
import { sum } from 'simple-statistics';
import { z } from 'zod';
import { round } from '../data/round.ts';
import { customers } from './customer.ts';

export const concentration = z.object({
  customers: z.int(),
  claims: z.int(),
  cost: z.int(),
  /** 0 when all cost the same, towards 1 when one customer costs everything. */
  gini: z.number(),
  /** How many of the dearest customers make up four fifths of the cost. */
  customers_for_80_percent: z.int(),
  dearest: z.array(z.object({ name: z.string(), cost: z.int(), share: z.number() })),
});

export const analyzeTypeA = defineAction({
  name: 'analyze_type_a',
  description: 'How the cost is spread over the customers',
  input: z.object({ data: customers }),
  output: z.object({ analysis_a: concentration }),
  execute({ inputs: { data } }) {
    const dearest = data.toSorted((a, b) => b.cost - a.cost);
    const costs = dearest.map((one) => one.cost);
    const cost = sum(costs);
    return {
      analysis_a: {
        customers: data.length,
        claims: sum(data.map((one) => one.claims)),
        cost,
        gini: round(gini(costs), 4),
        customers_for_80_percent: countFor(costs, cost * 0.8),
        dearest: dearest
          .slice(0, 5)
          .map(({ name, cost: own }) => ({ name, cost: own, share: round(own / cost, 4) })),
      },
    };
  },
});

/** From costs in falling order. */
const gini = (costs: readonly number[]): number => {
  const n = costs.length;
  const weighted = sum(costs.map((cost, i) => (n - i) * cost));
  return (2 * weighted) / (n * sum([...costs])) - (n + 1) / n;
};

const countFor = (costs: readonly number[], wanted: number): number => {
  let reached = 0;
  let count = 0;
  while (reached < wanted && count < costs.length) reached += costs[count++] ?? 0;
  return count;
};
