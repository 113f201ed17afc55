import type { Clock } from '@dagger/core';
import { expect, it } from 'vitest';
import { Order, timeOf } from './order.ts';

it('numbers grow, also for many tasks in one millisecond, and tell the time', () => {
  let now = Date.UTC(2030, 0, 1);
  const clock: Clock = { now: () => now, after: () => () => {} };
  const order = new Order(clock);
  const first = order.next();
  expect(timeOf(first)).toBe(clock.now());
  let last = first;
  for (let i = 0; i < 5_000; i++) {
    const next = order.next();
    expect(next).toBeGreaterThan(last);
    last = next;
  }
  expect(Number.isSafeInteger(last)).toBe(true);
  now += 10;
  expect(timeOf(order.next())).toBe(clock.now());
});
