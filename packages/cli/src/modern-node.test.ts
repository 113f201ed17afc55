import { expect, it } from 'vitest';
import { isAtLeast } from './modern-node.ts';

it.each([
  ['v22.13.0', true],
  ['v22.20.1', true],
  ['v24.0.0', true],
  ['v22.12.9', false],
  ['v20.20.2', false],
])('%s is new enough: %s', (version, answer) => {
  expect(isAtLeast(version, '>=22.13')).toBe(answer);
});
