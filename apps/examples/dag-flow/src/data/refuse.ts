import { NonRetryableError } from '@dagger/core';
import type { Faults } from './sift.ts';

/** The same data fail the same way: no attempt after the first can help. */
const dataInvalid = (message: string): NonRetryableError =>
  new NonRetryableError(message, { code: 'DATA_INVALID' });

/** @throws NonRetryableError naming the columns that a file lacks and those that it has */
export const requireColumns = (present: readonly string[], wanted: readonly string[]): void => {
  const missing = wanted.filter((column) => !present.includes(column));
  if (missing.length > 0)
    throw dataInvalid(
      `the file has no column ${missing.join(', ')}; it has ${present.join(', ') || 'none'}`,
    );
};

/** @throws NonRetryableError when there are no rows, or a larger share than `tolerance` is invalid */
export const requireQuality = (faults: Faults, tolerance: number): void => {
  if (faults.rows === 0) throw dataInvalid('the file has no rows');
  if (faults.invalid > tolerance * faults.rows)
    throw dataInvalid(`${describeFaults(faults)}; tolerated is a share of ${tolerance}`);
};

export const describeFaults = ({ invalid, rows, reasons, examples }: Faults): string => {
  const counted = Object.entries(reasons).map(([reason, count]) => `${reason} (${count})`);
  const first = examples[0] === undefined ? '' : `, the first in line ${examples[0].line}`;
  return `${invalid} of ${rows} rows are invalid: ${counted.join(', ')}${first}`;
};
