import type { z } from 'zod';
import type { RawRow } from './table.ts';

/** What was wrong with the rows that were left out. */
export interface Faults {
  readonly rows: number;
  readonly invalid: number;
  /** Reason -> rows. A row with two faults counts under each. */
  readonly reasons: Record<string, number>;
  /** The first few, for a reader who wants to look them up. */
  readonly examples: { line: number; reason: string }[];
}

export interface SiftOptions<T> {
  /** Gives the same text for rows of which only the first may stay. */
  readonly key?: (value: T) => string;
  readonly onRow?: (index: number) => void;
}

const MOST_EXAMPLES = 5;

/** Parts the rows that fit a schema from those that do not. A message of the schema continues the name of its column. */
export const sift = <T>(
  rows: readonly RawRow[],
  schema: z.ZodType<T>,
  options: SiftOptions<T> = {},
): { readonly kept: T[]; readonly faults: Faults } => {
  const kept: T[] = [];
  const seen = new Set<string>();
  const reasons: Record<string, number> = {};
  const examples: Faults['examples'] = [];
  rows.forEach(({ line, values }, index) => {
    options.onRow?.(index);
    const parsed = schema.safeParse(values);
    const key = parsed.success ? options.key?.(parsed.data) : undefined;
    const found = parsed.success
      ? key !== undefined && seen.has(key)
        ? ['the row occurs twice']
        : []
      : parsed.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`);
    for (const reason of found) {
      reasons[reason] = (reasons[reason] ?? 0) + 1;
      if (examples.length < MOST_EXAMPLES) examples.push({ line, reason });
    }
    if (key !== undefined) seen.add(key);
    if (parsed.success && found.length === 0) kept.push(parsed.data);
  });
  return {
    kept,
    faults: { rows: rows.length, invalid: rows.length - kept.length, reasons, examples },
  };
};
