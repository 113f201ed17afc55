import { setImmediate } from 'node:timers/promises';
import { systemClock, type Clock } from '@dagger/core';
import { afterEach, expect, test, vi } from 'vitest';
import { CoarseTime } from './coarse-time.ts';

afterEach(() => vi.restoreAllMocks());

/** What the system says, one more with each question. */
const countQuestions = (): void => {
  let asked = 0;
  vi.spyOn(systemClock, 'now').mockImplementation(() => ++asked);
};

test('the system is asked once for several answers, and again after so many', () => {
  countQuestions();
  const time = new CoarseTime(systemClock);
  const answers = Array.from({ length: 18 }, () => time.now());
  expect(answers).toEqual([...Array<number>(9).fill(1), ...Array<number>(9).fill(2)]);
});

test('the system is asked again in another turn of the event loop', async () => {
  countQuestions();
  const time = new CoarseTime(systemClock);
  expect(time.now()).toBe(1);
  await setImmediate();
  expect(time.now()).toBe(2);
});

test('of another clock the time is exact', () => {
  let asked = 0;
  const clock: Clock = { now: () => ++asked, after: () => () => {} };
  const time = new CoarseTime(clock);
  expect([time.now(), time.now(), time.now()]).toEqual([1, 2, 3]);
});
