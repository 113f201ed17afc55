import { InvalidArgumentError, Option } from 'commander';

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
    'where runs are kept: sqlite:runs.db, or a path that ends in .db or .sqlite',
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
