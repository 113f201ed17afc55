import type { ErrorData } from '@dagger/core';
import { oneLine } from '../escape.ts';

/** An error tells its point early; what it goes on to quote may be a page. */
export const LONGEST_ERROR = 300;

export const errorText = ({ code, message }: ErrorData): string =>
  `${oneLine(code, 60)}: ${oneLine(message, LONGEST_ERROR)}`;
