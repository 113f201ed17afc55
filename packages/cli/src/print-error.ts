import { DaggerError } from '@dagger/core';
import colors from 'picocolors';
import { severalLines } from './escape.ts';
import { InvalidCommandLine } from './invalid-command-line.ts';

const headline = (error: unknown): string => {
  if (error instanceof DaggerError) return `${error.code}: ${error.message}`;
  if (error instanceof InvalidCommandLine) return error.message;
  if (error instanceof Error) return `${error.name}: ${error.message}`;
  return String(error);
};

/** The stacks of an error and of its causes. */
const inFull = (error: unknown): string => {
  const parts: string[] = [];
  for (let at: unknown = error; at instanceof Error && parts.length < 8; at = at.cause)
    parts.push(at.stack ?? String(at));
  return parts.join('\ncaused by: ');
};

const wantsStacks = (verbose: boolean): boolean => verbose || (process.env['DEBUG'] ?? '') !== '';

export const printError = (error: unknown, verbose: boolean): void => {
  console.error(`${colors.red('error')} ${severalLines(headline(error))}`);
  if (wantsStacks(verbose)) console.error(colors.dim(severalLines(inFull(error))));
};
