import { expect, test } from 'vitest';
import { isBefore } from './version.ts';

test.each([
  ['2.9.10', true],
  ['2.9.15', false],
  ['2.10.0', false],
  ['1.99.99', true],
  ['3.0.0-RC.1', false],
  ['2.9.9-beta', true],
  ['unknown', false],
])('%s is older than 2.9.15: %s', (version, expected) => {
  expect(isBefore(version, [2, 9, 15])).toBe(expected);
});
