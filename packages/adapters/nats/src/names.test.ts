import { expect, test } from 'vitest';
import { durableName } from './names.ts';

test('names of consumers have nothing in them that the server refuses, and no two are the same', () => {
  const texts = [
    'a',
    'a.b',
    'a_b',
    'a_2eb',
    'a__b',
    'a.*',
    'a.>',
    'A',
    'ä',
    'a b',
    'a/b',
    '_',
    '__',
  ];
  const names = texts.flatMap((group) => texts.map((pattern) => durableName(group, pattern)));
  expect(new Set(names).size).toBe(names.length);
  for (const name of names) expect(name).toMatch(/^[\w-]+$/);
});

test('long ones are short, and still differ', () => {
  const [one, two] = ['a', 'b'].map((end) => durableName('g'.repeat(300) + end, '>'));
  expect(one?.length).toBeLessThanOrEqual(200);
  expect(one).not.toBe(two);
});
