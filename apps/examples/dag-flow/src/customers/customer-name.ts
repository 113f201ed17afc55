/** What the register writes where there is no airline to name. */
const NO_CUSTOMER: ReadonlySet<string> = new Set([
  'BUSINESS',
  'GOVERNMENT',
  'MILITARY',
  'PRIVATELY OWNED',
  'UNKNOWN',
]);

/** One spelling per customer: `US AIRWAYS*` and `Us  Airways` are `US AIRWAYS`. */
export const customerName = (raw: string): string =>
  raw.replaceAll('*', '').trim().replace(/\s+/g, ' ').toUpperCase();

export const isCustomer = (name: string): boolean => !NO_CUSTOMER.has(name);
