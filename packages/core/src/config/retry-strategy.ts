import { camelCase } from '../graph/keys.ts';
import { printable } from '../graph/diagnostic.ts';
import type { ReadSetting, Reading } from './fields.ts';
import type { RetryStrategy } from './model.ts';

const LONGEST = 86_400;

export const DEFAULT_EXPONENTIAL: Extract<RetryStrategy, { type: 'exponential' }> = Object.freeze({
  type: 'exponential',
  initialDelay: 2,
  maxDelay: 60,
  multiplier: 2,
});
const DEFAULT_LINEAR: Extract<RetryStrategy, { type: 'linear' }> = Object.freeze({
  type: 'linear',
  delay: 5,
});

const FORMS = `'immediate', 'linear', 'exponential', {linear: {delay_secs}} or {exponential: {initial_delay_secs, max_delay_secs, multiplier}}`;

type Parts = Readonly<Record<string, unknown>>;

const isMap = (value: unknown): value is Parts =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The name of a delay without case and unit: `initial_delay_secs`, `initialDelaySecs` and `initialDelay` are one. */
const plainName = (key: string): string => camelCase(key).replace(/(Secs|Seconds)$/, '');

const uncapitalised = (word: string): string => word.slice(0, 1).toLowerCase() + word.slice(1);

/** The numbers of a strategy over their defaults, or what is wrong with them. */
const numbers = <D extends Readonly<Record<string, number>>>(
  parts: Parts,
  defaults: D,
): D | string => {
  const read: Record<string, number> = { ...defaults };
  for (const [key, value] of Object.entries(parts)) {
    const name = plainName(key);
    if (!Object.hasOwn(defaults, name))
      return `a strategy with the keys ${Object.keys(defaults).join(', ')} (found '${printable(key, 40)}')`;
    const [least, most] = name === 'multiplier' ? [1, 1_000] : [0, LONGEST];
    if (typeof value !== 'number' || !(value >= least && value <= most)) {
      return `a strategy whose ${printable(key, 40)} is a number from ${least} to ${most.toLocaleString('en-US')}`;
    }
    read[name] = value;
  }
  return read as D;
};

const strategy = (type: string, parts: Parts): Reading => {
  switch (uncapitalised(type)) {
    case 'immediate':
      return Object.keys(parts).length > 0
        ? { must: 'a strategy without further keys where it is immediate' }
        : { value: { type: 'immediate' } };
    case 'linear': {
      const read = numbers(parts, { delay: DEFAULT_LINEAR.delay });
      return typeof read === 'string' ? { must: read } : { value: { type: 'linear', ...read } };
    }
    case 'exponential': {
      const { type: _, ...defaults } = DEFAULT_EXPONENTIAL;
      const read = numbers(parts, defaults);
      if (typeof read === 'string') return { must: read };
      if (read.maxDelay < read.initialDelay)
        return {
          must: `a strategy whose longest delay (${read.maxDelay}) is not below its first (${read.initialDelay})`,
        };
      return { value: { type: 'exponential', ...read } };
    }
    default:
      return { must: FORMS };
  }
};

/** Reads a word, `{type, ...}`, or the documents' form of a map with the strategy as its one key. */
export const readRetryStrategy: ReadSetting = (value) => {
  if (typeof value === 'string') return strategy(value, {});
  if (!isMap(value)) return { must: FORMS };
  if (typeof value['type'] === 'string') {
    const { type, ...parts } = value;
    return strategy(type, parts);
  }
  const [only, ...more] = Object.entries(value);
  if (only === undefined || more.length > 0) return { must: FORMS };
  const [type, parts] = only;
  return isMap(parts) ? strategy(type, parts) : { must: FORMS };
};
