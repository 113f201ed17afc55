import { z } from 'zod';
import { customerName } from './customer-name.ts';

/** A damage claim of a customer. */
export const claim = z.object({
  customer: z.string(),
  date: z.iso.date(),
  damaged: z.boolean(),
  cost: z.int().min(0),
});

export type Claim = z.infer<typeof claim>;

export const CLAIM_COLUMNS = [
  'Aircraft Airline Operator',
  'Flight Date',
  'Effect Amount of damage',
  'Cost Total $',
] as const;

const text = z.string('is missing').min(1, { error: 'is missing', abort: true });

/** A row of birdstrikes.csv on its way to a claim; each message continues the name of its column. */
export const rawClaim: z.ZodType<Claim> = z
  .object({
    'Aircraft Airline Operator': text,
    'Flight Date': text.pipe(z.iso.date('is not a date')),
    'Effect Amount of damage': text,
    'Cost Total $': text
      .transform(Number)
      .pipe(z.int('is not a whole number').min(0, 'is below 0')),
  })
  .transform((row) => ({
    customer: customerName(row['Aircraft Airline Operator']),
    date: row['Flight Date'],
    damaged: row['Effect Amount of damage'] !== 'None',
    cost: row['Cost Total $'],
  }));
