import { defineAction, NonRetryableError } from '@dagger/core';
import { z } from 'zod';
import { openDatabase } from '../data/database.ts';
import type { ClaimsTables } from './claims-database.ts';

export const extractedCustomer = z.object({
  operator: z.string(),
  claims: z.int(),
  cost: z.number(),
  last_claim: z.string(),
});

export const extractCustomers = defineAction({
  name: 'extract_customers',
  description: 'Reads one row per operator from the table of claims',
  input: z.object({ source_db: z.string().min(1) }),
  output: z.object({ raw_data: z.array(extractedCustomer) }),
  async execute({ inputs, log }) {
    await using opened = open(inputs.source_db);
    const raw_data = await opened.db
      .selectFrom('claims')
      .select(({ fn }) => [
        'operator',
        fn.countAll<number>().as('claims'),
        fn.sum<number>('cost').as('cost'),
        fn.max('date').as('last_claim'),
      ])
      .groupBy('operator')
      .orderBy('operator')
      .execute();
    log.info(`${raw_data.length} operators`);
    return { raw_data };
  },
});

const open = (url: string): ReturnType<typeof openDatabase<ClaimsTables>> => {
  if (!url.startsWith('sqlite:'))
    throw new NonRetryableError(`source_db must be sqlite:<file>, not '${url}'`);
  const path = url.slice('sqlite:'.length);
  try {
    return openDatabase<ClaimsTables>(path, { mustExist: true });
  } catch (cause) {
    throw new NonRetryableError(`there is no database at '${path}'`, { cause });
  }
};
