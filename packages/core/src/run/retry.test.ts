import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mergeConfig } from '../config/merge.ts';
import { toErrorData } from '../errors.ts';
import { baseDelay, nextDelay, type RetryQuestion } from './retry.ts';

const error = toErrorData(new Error('boom'));

const ask = (over: Partial<RetryQuestion> = {}): number | undefined =>
  nextDelay({
    failures: 1,
    tryCount: 3,
    policy: undefined,
    config: mergeConfig({ retryJitter: false }),
    error,
    elapsed: 0,
    random: 0,
    ...over,
  });

describe('the delay of a strategy', () => {
  it('is nothing for immediate, the same each time for linear', () => {
    expect(baseDelay({ type: 'immediate' }, 7)).toBe(0);
    expect([1, 2, 9].map((n) => baseDelay({ type: 'linear', delay: 5 }, n))).toEqual([5, 5, 5]);
  });

  it('grows by the multiplier up to the longest for exponential, 2 s, x2 and 60 s by default', () => {
    const { retryStrategy } = mergeConfig();
    expect([1, 2, 3, 4, 5, 6, 7].map((n) => baseDelay(retryStrategy, n))).toEqual([
      2, 4, 8, 16, 32, 60, 60,
    ]);
    expect(baseDelay(retryStrategy, 5_000)).toBe(60);
  });
});

describe('another attempt', () => {
  it('comes after the delay, in whole milliseconds', () => {
    expect(ask()).toBe(2_000);
    expect(ask({ failures: 2 })).toBe(4_000);
  });

  it('does not come after the last: tryCount counts all attempts', () => {
    expect(ask({ failures: 3 })).toBeUndefined();
    expect(ask({ tryCount: 1 })).toBeUndefined();
  });

  it('does not come for a failure that another attempt cannot mend', () => {
    expect(ask({ error: { ...error, retryable: false } })).toBeUndefined();
  });

  it('comes exactly at the end of maxRetryDuration, and not after', () => {
    const config = mergeConfig({ retryJitter: false, maxRetryDuration: 10 });
    expect(ask({ config, elapsed: 8_000 })).toBe(2_000);
    expect(ask({ config, elapsed: 8_001 })).toBeUndefined();
  });

  it('with jitter comes between half of the delay and the whole', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), (random) => {
        const delay = ask({ config: mergeConfig(), random }) as number;
        expect(delay).toBeGreaterThanOrEqual(1_000);
        expect(delay).toBeLessThanOrEqual(2_000);
      }),
    );
  });
});
