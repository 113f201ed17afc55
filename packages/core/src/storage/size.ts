/**
 * The length of JSON from which on a value is kept outside of the journal. Measured: such a value costs half a
 * millisecond more to write, and takes a third of the bytes (less from there on). Fifty results of one moment, which is
 * how many nodes run side by side by default, then make a row of less than 1 MB.
 */
export const LARGE: number = 16 * 1024;

/** Whether the JSON of a value has more than `limit` characters, nearly: escapes are not counted. Stops once it is sure. */
export const isLarge = (value: unknown, limit: number = LARGE): boolean => rest(value, limit) < 0;

/** What is left of a number of characters after a value; negative when it is too long. */
const rest = (value: unknown, limit: number): number => {
  if (typeof value === 'string') return limit - value.length - 2;
  if (typeof value !== 'object' || value === null) return limit - 4;
  let left = limit - 2;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length && left >= 0; i++)
      left = rest((value as readonly unknown[])[i], left - 1);
    return left;
  }
  for (const key in value) {
    left = rest((value as Readonly<Record<string, unknown>>)[key], left - key.length - 4);
    if (left < 0) return left;
  }
  return left;
};
