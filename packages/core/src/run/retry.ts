import type { RetryPolicy } from '../actions/action.ts';
import type { DagConfig, RetryStrategy } from '../config/model.ts';
import type { ErrorData } from '../errors.ts';

/** The delay in seconds before the attempt that follows `failures` failed ones (1 or more), without jitter. */
export const baseDelay = (strategy: RetryStrategy, failures: number): number => {
  switch (strategy.type) {
    case 'immediate':
      return 0;
    case 'linear':
      return strategy.delay;
    case 'exponential':
      return Math.min(
        strategy.maxDelay,
        strategy.initialDelay * strategy.multiplier ** (failures - 1),
      );
  }
};

export interface RetryQuestion {
  /** Failed attempts so far, this one included. */
  readonly failures: number;
  readonly tryCount: number | undefined;
  readonly policy: RetryPolicy | undefined;
  readonly config: DagConfig;
  readonly error: ErrorData;
  /** Milliseconds since the first attempt started. */
  readonly elapsed: number;
  /** A number in [0, 1). */
  readonly random: number;
}

/** Whether the policy wants another attempt; a test that throws wants none. */
export const isRetryWanted = (retryOn: RetryPolicy['retryOn'], error: ErrorData): boolean => {
  if (retryOn === undefined) return true;
  if (typeof retryOn !== 'function')
    return retryOn.includes(error.code) || retryOn.includes(error.name);
  try {
    return retryOn(error);
  } catch {
    return false;
  }
};

/**
 * Milliseconds to wait before the next attempt, or undefined when the failure is final. With jitter the delay lies
 * between half of the strategy's and the whole ("equal jitter", AWS Architecture Blog 2015).
 */
export const nextDelay = ({
  failures,
  tryCount,
  policy,
  config,
  error,
  elapsed,
  random,
}: RetryQuestion): number | undefined => {
  const allowed = tryCount ?? policy?.attempts ?? config.maxAttempts;
  if (failures >= allowed || !error.retryable || !isRetryWanted(policy?.retryOn, error))
    return undefined;
  const seconds = baseDelay(policy?.strategy ?? config.retryStrategy, failures);
  const delay = Math.round(seconds * 1000 * (config.retryJitter ? 0.5 + random / 2 : 1));
  if (config.maxRetryDuration !== null && elapsed + delay > config.maxRetryDuration * 1000)
    return undefined;
  return delay;
};
