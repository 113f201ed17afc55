import { expect, it } from 'vitest';
import { seededIds } from './seeded-ids.ts';

const draw = (seed: number | string): unknown => {
  const ids = seededIds(seed);
  return Array.from({ length: 50 }, () => [ids.runId(), ids.random()]);
};

it('one seed gives the same ids and the same chance, another seed gives others', () => {
  expect(draw(7)).toEqual(draw(7));
  expect(draw('7 ')).not.toEqual(draw(7));
});

it('ids of one seed are all different, and chance is spread over [0, 1)', () => {
  const ids = seededIds(1);
  const names = Array.from({ length: 1_000 }, () => ids.runId());
  expect(new Set(names).size).toBe(1_000);
  const tenths = Array.from({ length: 10_000 }, () => Math.floor(ids.random() * 10));
  const counts = Array.from({ length: 10 }, (_, i) => tenths.filter((t) => t === i).length);
  expect(Math.min(...counts)).toBeGreaterThan(800);
});
