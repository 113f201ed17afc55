/** What the register writes where there is no airline to name. */
const NO_CUSTOMER: ReadonlySet<string> = new Set([
  'Business',
  'Government',
  'Military',
  'Privately Owned',
  'Unknown',
]);

/** One spelling per customer: `US AIRWAYS*` and `us  airways` are `Us Airways`. */
export const customerName = (raw: string): string =>
  raw
    .replaceAll('*', '')
    .trim()
    .toLowerCase()
    .replace(/\s+/g, ' ')
    .replace(/\b[a-z]/g, (letter) => letter.toUpperCase());

export const isCustomer = (name: string): boolean => !NO_CUSTOMER.has(name);
