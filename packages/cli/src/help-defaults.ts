import { DEFAULT_CONFIG, type RetryStrategy } from '@dagger/core';

const backoff = (strategy: RetryStrategy): string => {
  switch (strategy.type) {
    case 'immediate':
      return 'at once';
    case 'linear':
      return `${strategy.delay} s apart`;
    case 'exponential':
      return `exponential backoff: ${strategy.initialDelay} s, x${strategy.multiplier}, at most ${strategy.maxDelay} s`;
  }
};

const { maxAttempts, maxParallelNodes, onFailure, retryStrategy, timeoutSeconds } = DEFAULT_CONFIG;

/** What a run does unless the file, the action or an option says otherwise. */
export const defaults: string = `
Unless the file or an option says otherwise:
  at most ${maxParallelNodes} nodes in parallel
  ${maxAttempts} attempts per node (${backoff(retryStrategy)})
  on failure: ${onFailure}
  ${timeoutSeconds} s per run
`;
