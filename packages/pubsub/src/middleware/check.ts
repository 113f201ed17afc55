import { DaggerError } from '@dagger/core';
import { closest, describeValue } from '@dagger/core/kernel';

/** What the value of an option must be. */
export interface Rule {
  readonly must: string | ((value: unknown) => string);
  readonly fits: (value: unknown) => boolean;
}

/** A rule for each option: the compiler lists what is missing. */
export type RulesOf<T> = { readonly [K in keyof T]-?: Rule };

const isNumberIn = (value: unknown, least: number, most: number): value is number =>
  typeof value === 'number' && value >= least && value <= most;

const isClock = (value: unknown): boolean => {
  const clock = value as { readonly now?: unknown; readonly after?: unknown } | null | undefined;
  return typeof clock?.now === 'function' && typeof clock.after === 'function';
};

export const rules: Readonly<
  Record<'seconds' | 'count' | 'text' | 'callable' | 'clock' | 'middleware', Rule>
> = {
  seconds: {
    must: 'a number of seconds from 0.001 to 31,536,000',
    fits: (value) => isNumberIn(value, 0.001, 31_536_000),
  },
  count: {
    must: 'a whole number from 1 to 10,000,000',
    fits: (value) => isNumberIn(value, 1, 10_000_000) && Number.isInteger(value),
  },
  text: {
    must: 'a text of at least one character',
    fits: (value) => typeof value === 'string' && value !== '',
  },
  callable: { must: 'a function', fits: (value) => typeof value === 'function' },
  clock: { must: 'a clock, with now() and after()', fits: isClock },
  middleware: {
    must: 'a list of functions',
    fits: (value) => Array.isArray(value) && value.every((each) => typeof each === 'function'),
  },
};

export const optional = ({ must, fits }: Rule): Rule => ({
  must,
  fits: (value) => value === undefined || fits(value),
});

export const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What is wrong with a map of options, whose names are told after `within`; undefined for a good one. */
export const faultIn = (
  options: Readonly<Record<string, unknown>>,
  known: Readonly<Record<string, Rule>>,
  within = '',
): string | undefined => {
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(known, name)) continue;
    const meant = closest(name, Object.keys(known));
    const hint = meant === undefined ? '' : `; did you mean '${meant}'?`;
    return `there is no option ${describeValue(within + name)}${hint}`;
  }
  for (const [name, { must, fits }] of Object.entries(known)) {
    const value = options[name];
    if (fits(value)) continue;
    const text = typeof must === 'string' ? must : must(value);
    return `${within}${name} must be ${text}, not ${describeValue(value)}`;
  }
  return undefined;
};

/** @throws DaggerError CONFIG_INVALID naming whose option it is, the option, its value and its bound */
export const checkOptions = (
  whose: string,
  options: unknown,
  known: Readonly<Record<string, Rule>>,
): void => {
  const fault = isMap(options)
    ? faultIn(options, known)
    : `its options must be a map, not ${describeValue(options)}`;
  if (fault !== undefined) throw new DaggerError('CONFIG_INVALID', `${whose}: ${fault}`);
};
