import { z } from 'zod';

/** A customer with the claims of all years. */
export const customer = z.object({
  name: z.string(),
  claims: z.int(),
  damaged: z.int(),
  cost: z.int(),
  claims_by_year: z.record(z.string(), z.int()),
});

export type Customer = z.infer<typeof customer>;

export const customers = z.array(customer);
