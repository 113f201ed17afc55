import { DaggerError } from '@dagger/core';
import { closest, describeValue } from '@dagger/core/kernel';

/** What the value of an option must be. */
export interface Rule {
  readonly must: string;
  readonly fits: (value: unknown) => boolean;
}

const isNumberIn = (value: unknown, least: number, most: number): value is number =>
  typeof value === 'number' && value >= least && value <= most;

const isClock = (value: unknown): boolean => {
  const clock = value as { readonly now?: unknown; readonly after?: unknown } | null | undefined;
  return typeof clock?.now === 'function' && typeof clock.after === 'function';
};

export const rules: Readonly<Record<'seconds' | 'count' | 'text' | 'callable' | 'clock', Rule>> = {
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
};

export const optional = ({ must, fits }: Rule): Rule => ({
  must,
  fits: (value) => value === undefined || fits(value),
});

/** @throws DaggerError CONFIG_INVALID naming the middleware, the option, its value and its bound */
export const checkOptions = (
  middleware: string,
  options: unknown,
  known: Readonly<Record<string, Rule>>,
): void => {
  const refuse = (reason: string): never => {
    throw new DaggerError('CONFIG_INVALID', `${middleware}: ${reason}`);
  };
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    return refuse(`its options must be a map, not ${describeValue(options)}`);
  const given = options as Readonly<Record<string, unknown>>;
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(known, name)) continue;
    const meant = closest(name, Object.keys(known));
    const hint = meant === undefined ? '' : `; did you mean '${meant}'?`;
    refuse(`there is no option ${describeValue(name)}${hint}`);
  }
  for (const [name, { must, fits }] of Object.entries(known))
    if (!fits(given[name])) refuse(`${name} must be ${must}, not ${describeValue(given[name])}`);
};
