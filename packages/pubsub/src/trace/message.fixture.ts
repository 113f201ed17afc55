import type { Message } from '../message/message.ts';
import type { TraceAttempt, TraceEntry } from './entry.ts';

export const message = (id: string, rest: Partial<Message> = {}): Message => ({
  id,
  channel: 'orders.new',
  source: null,
  time: 1_700_000_000_000,
  payload: { n: 1 },
  headers: {},
  causationId: null,
  correlationId: 'm1',
  hops: 0,
  key: null,
  traceparent: null,
  ...rest,
});

export const attempt = (agent: string, rest: Partial<TraceAttempt> = {}): TraceAttempt => ({
  agent,
  attempt: 1,
  status: 'done',
  error: null,
  startedAt: 1_700_000_000_000,
  durationMs: 12,
  ...rest,
});

/** A message by its id and that of its cause. */
export const entry = (
  id: string,
  causationId: string | null = null,
  attempts: readonly TraceAttempt[] = [],
): TraceEntry => ({ message: message(id, { causationId }), attempts });
