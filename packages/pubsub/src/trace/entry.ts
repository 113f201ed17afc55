import type { Message } from '../message/message.ts';

/** What was done with a message by one agent in one attempt. */
export interface TraceAttempt {
  readonly agent: string;
  /** From 1. */
  readonly attempt: number;
  /** `failed`: another attempt follows; `dead`: none does; `stopped`: its tree was. */
  readonly status: 'done' | 'failed' | 'dead' | 'stopped' | 'running';
  readonly error: string | null;
  /** Milliseconds since the Unix epoch. */
  readonly startedAt: number;
  readonly durationMs: number | null;
}

/** A message and what was done with it. Lists of them are in the order of publication. */
export interface TraceEntry {
  readonly message: Message;
  readonly attempts: readonly TraceAttempt[];
}
