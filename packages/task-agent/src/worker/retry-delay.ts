import type { ErrorData } from '@dagger/core';
import { baseDelay, DEFAULT_EXPONENTIAL, isRetryWanted } from '@dagger/core/kernel';
import type { AnyTaskAgent } from '../agent/agent.ts';
import { readOptions } from '../spec/task-spec.ts';
import type { TaskRow } from '../store/tables.ts';

const DEFAULT_ATTEMPTS = 3;

/**
 * Milliseconds until the next attempt, between half of the strategy's delay and the whole; undefined when the failure is
 * final. What the task says goes over what its agent says.
 * @param agent undefined where the agent is not known here
 * @param random a number in [0, 1)
 */
export const retryDelay = (
  error: ErrorData,
  task: Pick<TaskRow, 'options' | 'failures'>,
  agent: AnyTaskAgent | undefined,
  random: number,
): number | undefined => {
  const { maxRetries, retryStrategy } = readOptions(task.options);
  const retry = agent?.retry;
  const attempts =
    maxRetries === undefined ? (retry?.attempts ?? DEFAULT_ATTEMPTS) : maxRetries + 1;
  const failures = task.failures + 1;
  if (failures >= attempts || !error.retryable || !isRetryWanted(retry?.retryOn, error))
    return undefined;
  const seconds = baseDelay(retryStrategy ?? retry?.strategy ?? DEFAULT_EXPONENTIAL, failures);
  return Math.round(seconds * 1_000 * (0.5 + random / 2));
};
