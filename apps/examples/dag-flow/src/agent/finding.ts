import { z } from 'zod';

/** What an analysis found out about one column. */
export const finding = z.object({
  instruction: z.string(),
  dataset: z.string(),
  measure: z.string(),
  rows: z.int(),
  sum: z.number(),
  mean: z.number(),
  median: z.number(),
  highest: z.array(z.object({ name: z.string(), value: z.number() })),
  grouped_by: z.string(),
  groups: z.array(z.object({ name: z.string(), rows: z.int(), sum: z.number() })),
});

/** What a step hands to the next: everything found so far, and the report once one is written. */
export const stepResult = z.object({
  findings: z.array(finding),
  report: z.string().nullable(),
});

export type Finding = z.infer<typeof finding>;
export type StepResult = z.infer<typeof stepResult>;
