import { expect, test } from 'vitest';
import { covers, disjoint } from './patterns.ts';

test.each([
  ['a.b', 'a.b', true],
  ['a.*', 'a.b', true],
  ['a.*', 'a.b.c', false],
  ['a.>', 'a.b.c', true],
  ['a.>', 'a', false],
  ['a.>', 'a.*', true],
  ['a.>', 'a.>', true],
  ['a.*', 'a.>', false],
  ['>', 'x', true],
  ['*', '>', false],
])('%s covers %s: %s', (wide, narrow, expected) => {
  expect(covers(wide, narrow)).toBe(expected);
});

test.each([
  [
    ['a', 'b'],
    ['a', 'b'],
  ],
  [['a', 'a'], ['a']],
  [['a.>', 'a.b', 'a.*'], ['a.>']],
  [['a.*', '*.b'], ['*.*']],
  [['a.*', 'x.y', '*.b'], ['*.*']],
  [['a.b.>', '*.b.c'], ['*.b.>']],
  [
    ['a.b', 'a.b.c'],
    ['a.b', 'a.b.c'],
  ],
  [['a.b', '>'], ['>']],
])('%j becomes %j', (patterns, expected) => {
  expect(disjoint(patterns)).toEqual(expected);
});
