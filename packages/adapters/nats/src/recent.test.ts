import { expect, test } from 'vitest';
import { Recent } from './recent.ts';

const place = (sequence: number, time = 1): { sequence: number; time: number } => ({
  sequence,
  time,
});

test('the last so many are known', () => {
  const recent = new Recent(3);
  for (const sequence of [1, 2, 3, 4]) recent.add(place(sequence));
  expect([1, 2, 3, 4, 5].map((sequence) => recent.has(place(sequence)))).toEqual([
    false,
    true,
    true,
    true,
    false,
  ]);
});

test('a stream that was made anew has other messages', () => {
  const recent = new Recent(3);
  recent.add(place(2, 1));
  expect(recent.has(place(2, 5))).toBe(false);
});
