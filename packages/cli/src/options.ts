import type { RunStatus } from '@dagger/core';
import { InvalidArgumentError, Option } from 'commander';

export const RUN_STATUSES: readonly RunStatus[] = [
  'running',
  'succeeded',
  'failed',
  'paused',
  'cancelled',
  'timed_out',
  'limit_reached',
];

const collect = (value: string, before: readonly string[] | undefined): readonly string[] => [
  ...(before ?? []),
  value,
];

export const actionsOption = (): Option =>
  new Option(
    '-a, --actions <module>',
    'a JavaScript or TypeScript module of actions (repeatable)',
  ).argParser(collect);

export const storageOption = (): Option =>
  new Option(
    '-s, --storage <url>',
    'where runs are kept: sqlite:runs.db or a path that ends in .db or .sqlite, postgres://user@host/database, pglite:folder',
  ).env('DAGGER_STORAGE');

export const jsonOption = (what: string): Option =>
  new Option('--json', `print ${what} as JSON on stdout`);

export const repeatable = (flags: string, description: string): Option =>
  new Option(flags, `${description} (repeatable)`).argParser(collect);

export const wholeNumber = (text: string): number => {
  const number = Number(text);
  if (!/^\d+$/.test(text) || number < 1 || !Number.isSafeInteger(number))
    throw new InvalidArgumentError('It must be a whole number of at least 1.');
  return number;
};

export const seconds = (text: string): number => {
  const number = Number(text);
  if (text.trim() === '' || !Number.isFinite(number) || number <= 0)
    throw new InvalidArgumentError('It must be a number of seconds above 0.');
  return number;
};

export const atLeastZero = (text: string): number => {
  const number = Number(text);
  if (text.trim() === '' || !Number.isFinite(number) || number < 0)
    throw new InvalidArgumentError('It must be a number of at least 0.');
  return number;
};

/** For an option that is repeated, each time with one of the choices. */
export const collectChoices =
  <T extends string>(choices: readonly T[]) =>
  (value: string, before: readonly T[] | undefined): readonly T[] => {
    const choice = choices.find((known) => known === value);
    if (choice === undefined)
      throw new InvalidArgumentError(`Allowed choices are ${choices.join(', ')}.`);
    return [...(before ?? []), choice];
  };
