import colors from 'picocolors';
import stringWidth from 'string-width';

/** Columns side by side, as wide as their cells, under their names. */
export const table = (
  headings: readonly string[],
  rows: readonly (readonly string[])[],
): string => {
  const all = [headings.map((heading) => colors.bold(heading)), ...rows];
  const widths = headings.map((_, i) => Math.max(...all.map((row) => stringWidth(row[i] ?? ''))));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) =>
        i === row.length - 1 ? cell : cell + ' '.repeat((widths[i] as number) - stringWidth(cell)),
      )
      .join('  ')
      .trimEnd();
  return all.map(line).join('\n');
};
