import { z } from 'zod';

/** A row as it stands in a file: every value a text, and the line for messages. */
export const rawRow = z.object({
  line: z.int(),
  values: z.record(z.string(), z.string()),
});

export type RawRow = z.infer<typeof rawRow>;

export const rawRows = z.array(rawRow);
