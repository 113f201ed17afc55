import type { RetryPolicy } from '@dagger/core';
import { describeValue, readRetryStrategy } from '@dagger/core/kernel';
import { faultIn, isMap, optional, type RulesOf } from '../middleware/check.ts';

const mustBe = (strategy: unknown): string => {
  const read = readRetryStrategy(strategy, 'strategy');
  return 'must' in read ? read.must : '';
};

const RETRY: RulesOf<RetryPolicy> = {
  attempts: optional({
    must: 'a whole number of at least 1',
    fits: (value) => Number.isSafeInteger(value) && Number(value) >= 1,
  }),
  strategy: optional({ must: mustBe, fits: (value) => mustBe(value) === '' }),
  retryOn: optional({
    must: 'a function, or a list of codes or names of errors',
    fits: (value) =>
      typeof value === 'function' ||
      (Array.isArray(value) && value.every((each) => typeof each === 'string')),
  }),
};

/** What is wrong with the option `retry`; undefined where nothing is. */
export const faultInRetry = (retry: unknown): string | undefined => {
  if (retry === undefined) return undefined;
  return isMap(retry)
    ? faultIn(retry, RETRY, 'retry.')
    : `retry must be a map, not ${describeValue(retry)}`;
};

/** A policy whose strategy is in its full form, however it was written. */
export const fullRetry = (retry: RetryPolicy | undefined): RetryPolicy | undefined => {
  if (retry?.strategy === undefined) return retry;
  const read = readRetryStrategy(retry.strategy, 'strategy');
  return 'must' in read ? retry : { ...retry, strategy: read.value as typeof retry.strategy };
};
