import { SimulatedClock } from '@dagger/testing';
import { expect, it } from 'vitest';
import { Order, timeOf } from './order.ts';

it('numbers grow, also for many tasks in one millisecond, and tell the time', async () => {
  const clock = new SimulatedClock();
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
  await clock.advance(10);
  expect(timeOf(order.next())).toBe(clock.now());
});
