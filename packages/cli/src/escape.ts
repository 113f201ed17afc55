import { printable } from '@dagger/core';

/** Text of others on one line of the terminal: nothing in it moves the cursor or colours what follows. */
export const oneLine = (text: string, longest: number = Number.POSITIVE_INFINITY): string =>
  printable(text.replaceAll(/\s*\n\s*/g, ' '), longest);

/** Text of others that may have several lines. */
export const severalLines = (text: string): string =>
  text
    .split(/\r?\n/)
    .map((line) => printable(line.replaceAll('\t', '  '), Number.POSITIVE_INFINITY))
    .join('\n');

/** An argument as a shell wants it. */
export const shellWord = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${oneLine(text).replaceAll("'", String.raw`'\''`)}'`;
