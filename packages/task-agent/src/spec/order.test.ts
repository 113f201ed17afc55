import type { Clock } from '@dagger/core';
import { expect, it } from 'vitest';
import { Order, timeOf } from './order.ts';

it('numbers grow, also for many tasks in one millisecond, and tell the time', () => {
  let now = Date.UTC(2030, 0, 1);
  const clock: Clock = { now: () => now, after: () => () => {} };
  const order = new Order(clock);
  const numbers = Array.from({ length: 5_000 }, () => order.next());
  expect(numbers).toEqual([...new Set(numbers)].toSorted((a, b) => a - b));
  expect(numbers.every(Number.isSafeInteger)).toBe(true);
  expect(timeOf(numbers[0] as number)).toBe(now);
  now += 10;
  expect(timeOf(order.next())).toBe(now);
});

it('time that goes back does not make them smaller', () => {
  let now = Date.UTC(2030, 0, 1);
  const order = new Order({ now: () => now, after: () => () => {} });
  const before = order.next();
  now -= 60_000;
  expect(order.next()).toBeGreaterThan(before);
});
