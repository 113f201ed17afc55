import type { ErrorData } from '@dagger/core';

/** Why a tree was stopped before it came to its end. */
export type StopReason =
  'cancelled' | 'timeout' | 'max_messages' | 'max_hops' | 'max_tokens' | 'closed';

/** What became of one attempt to handle a message. */
export interface AttemptReport {
  readonly messageId: string;
  readonly channel: string;
  readonly agent: string;
  /** From 1. */
  readonly attempt: number;
  /** `dead`: the last of them failed; `stopped`: its tree was. */
  readonly status: 'done' | 'failed' | 'dead' | 'stopped';
  readonly error: ErrorData | null;
  /** Milliseconds since the Unix epoch. */
  readonly startedAt: number;
  readonly durationMs: number;
  /** The ids of the messages that it published. */
  readonly published: readonly string[];
}

/** What became of a causal tree. Plain data. */
export interface PubSubReport {
  readonly correlationId: string;
  /** Whether it came to its end with every message handled: none dead, none dropped, none waiting for a person. */
  readonly success: boolean;
  readonly stopped: StopReason | null;
  /** What went wrong first. */
  readonly error: ErrorData | null;
  readonly messages: number;
  readonly tokens: number;
  readonly deadLetters: number;
  readonly dropped: number;
  /** The ids of messages that wait for a person. */
  readonly waiting: readonly string[];
  /** In the order in which they ended; at most 10,000. */
  readonly attempts: readonly AttemptReport[];
  /** Attempts in all. */
  readonly attemptCount: number;
  readonly durationMs: number;
}
