import { defineAction } from '@dagger/core';
import { z } from 'zod';
import { customerName, isCustomer } from './customer-name.ts';
import { extractedCustomer } from './extract-customers.ts';

export const cleanCustomer = z.object({
  name: z.string(),
  claims: z.int(),
  cost: z.number(),
  cost_per_claim: z.number(),
  last_claim: z.string(),
});

type CleanCustomer = z.infer<typeof cleanCustomer>;

export const cleanAndTransform = defineAction({
  name: 'clean_and_transform',
  description:
    'Gives each customer one name, merges its rows, and drops rows that name no customer',
  input: z.object({ data: z.array(extractedCustomer) }),
  output: z.object({ clean_data: z.array(cleanCustomer) }),
  execute({ inputs, log }) {
    const named = inputs.data
      .map((row) => ({ ...row, name: customerName(row.operator) }))
      .filter((row) => isCustomer(row.name));
    const clean_data = [...Map.groupBy(named, (row) => row.name)].map(([name, rows]) =>
      merge(name, rows),
    );
    log.info(`${clean_data.length} customers from ${inputs.data.length} operators`);
    return { clean_data };
  },
});

const merge = (name: string, rows: readonly z.infer<typeof extractedCustomer>[]): CleanCustomer => {
  const claims = rows.reduce((all, row) => all + row.claims, 0);
  const cost = rows.reduce((all, row) => all + row.cost, 0);
  const last_claim =
    rows
      .map((row) => row.last_claim)
      .toSorted()
      .at(-1) ?? '';
  return { name, claims, cost, cost_per_claim: Math.round(cost / claims), last_claim };
};
