import { z } from 'zod';

/** What validation found, in figures. */
export const quality = z.object({
  rows: z.int(),
  invalid: z.int(),
  reasons: z.record(z.string(), z.int()),
  examples: z.array(z.object({ line: z.int(), reason: z.string() })),
  /** Valid but odd: days of rain without precipitation, days missing between the first and the last. */
  odd: z.object({ dry_rain: z.int(), missing_days: z.int() }),
});

export type Quality = z.infer<typeof quality>;
