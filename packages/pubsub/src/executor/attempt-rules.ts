import type { ErrorData, RetryPolicy } from '@dagger/core';
import { baseDelay, DEFAULT_EXPONENTIAL, isRetryWanted } from '@dagger/core/kernel';
import type { AnyPubSubAgent } from '../agent/agent.ts';
import type { Message } from '../message/message.ts';
import type { TraceAttempt } from '../trace/entry.ts';
import type { Attempt } from './attempt.ts';

const DEFAULT_ATTEMPTS = 3;

/** Messages of one key are handled one after the other. */
export const keyOf = ({ orderBy }: AnyPubSubAgent, message: Message): string | null => {
  if (orderBy === undefined) return message.key;
  try {
    return orderBy(message as never);
  } catch {
    return message.key;
  }
};

/** Milliseconds until the next attempt, between half of the strategy's delay and the whole; undefined: no further one. */
export const delayOf = (
  retry: RetryPolicy | undefined,
  error: ErrorData,
  attempt: number,
  random: number,
): number | undefined => {
  const attempts = retry?.attempts ?? DEFAULT_ATTEMPTS;
  if (attempt >= attempts || !error.retryable || !isRetryWanted(retry?.retryOn, error))
    return undefined;
  const seconds = baseDelay(retry?.strategy ?? DEFAULT_EXPONENTIAL, attempt);
  return Math.round(seconds * 1_000 * (0.5 + random / 2));
};

/** What is kept of an attempt. */
export const recordOf = (
  { agent, attempt, startedAt }: Attempt,
  status: TraceAttempt['status'],
  error: ErrorData | null,
  now: number,
): TraceAttempt => ({
  agent,
  attempt,
  status,
  error: error?.message ?? null,
  startedAt,
  durationMs: now - startedAt,
});
