import { expect, it } from 'vitest';
import { pathBetween } from './cycle-path.ts';

const needs = (taskId: string, ...others: string[]): { taskId: string; needs: string }[] =>
  others.map((other) => ({ taskId, needs: other }));

it('finds the shortest way over what tasks need', () => {
  const edges = [
    ...needs('a', 'b', 'x'),
    ...needs('x', 'y'),
    ...needs('y', 'c'),
    ...needs('b', 'c'),
  ];
  expect(pathBetween('a', 'c', edges)).toEqual(['a', 'b', 'c']);
});

it('a task is its own way', () => {
  expect(pathBetween('a', 'a', [])).toEqual(['a']);
});

it('there is no way against the direction of the edges', () => {
  expect(pathBetween('c', 'a', needs('a', 'c'))).toBeUndefined();
});

it('a circle elsewhere does not hold it up', () => {
  const edges = [...needs('a', 'b'), ...needs('b', 'a', 'c')];
  expect(pathBetween('a', 'z', edges)).toBeUndefined();
  expect(pathBetween('a', 'c', edges)).toEqual(['a', 'b', 'c']);
});

it('long lines are no trouble', () => {
  const edges = Array.from({ length: 50_000 }, (_, i) => ({ taskId: `${i}`, needs: `${i + 1}` }));
  expect(pathBetween('0', '50000', edges)).toHaveLength(50_001);
});
