import { printable, quote } from './diagnostic.ts';

/** A value as it may stand in a message: short, on one line, and free of control characters. */
export const describeValue = (value: unknown): string => {
  switch (typeof value) {
    case 'string':
      return value === '' ? 'an empty string' : quote(value);
    case 'number':
    case 'boolean':
    case 'undefined':
      return String(value);
    case 'object':
      return value === null ? 'null' : Array.isArray(value) ? 'a list' : 'a map';
    case 'bigint':
      return `the BigInt ${printable(String(value))}`;
    case 'function':
    case 'symbol':
      return `a ${typeof value}`;
    default:
      return 'a value';
  }
};

/** A whole number as people write it: 86,400. The first `toLocaleString` of a process loads all of ICU. */
export const grouped = (bound: number): string => String(bound).replace(/\B(?=(?:\d{3})+$)/g, ',');
