import { defineAction } from '@dagger/core';
import { z } from 'zod';
import { claim, type Claim } from './claim.ts';
import { isCustomer } from './customer-name.ts';
import { customers, type Customer } from './customer.ts';

export const transformCustomerData = defineAction({
  name: 'transform_customer_data',
  description: 'Adds up the claims of each customer; claims without a customer are left out',
  input: z.object({ data: z.array(claim) }),
  output: z.object({ transformed: customers }),
  execute({ inputs, log }) {
    const named = inputs.data.filter((one) => isCustomer(one.customer));
    const byCustomer = Map.groupBy(named, (one) => one.customer);
    log.info(`${byCustomer.size} customers; ${inputs.data.length - named.length} claims name none`);
    return { transformed: [...byCustomer].map(([name, claims]) => addUp(name, claims)) };
  },
});

const addUp = (name: string, claims: readonly Claim[]): Customer => {
  const byYear: Record<string, number> = {};
  let cost = 0;
  for (const { date, cost: own } of claims) {
    const year = date.slice(0, 4);
    byYear[year] = (byYear[year] ?? 0) + 1;
    cost += own;
  }
  return {
    name,
    claims: claims.length,
    damaged: claims.filter((one) => one.damaged).length,
    cost,
    claims_by_year: byYear,
  };
};
