/* oxlint-disable vitest/valid-expect -- the message says where it is */
import { isDeepStrictEqual } from 'node:util';
import { expect } from 'vitest';

/** Vitest's own comparison where there is a difference to show: it takes longer than the events between two. */
export const mustEqual = (actual: unknown, expected: unknown, when: () => string): void => {
  if (!isDeepStrictEqual(actual, expected)) expect(actual, when()).toEqual(expected);
};
