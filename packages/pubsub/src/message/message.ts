import type { JsonValue } from '@dagger/core';

/** Short texts beside the payload. */
export interface Headers {
  readonly [name: string]: string;
}

/**
 * A message, frozen. Whoever publishes gives channel, payload, headers and key; the rest is set by the executor, so it is true
 * whatever an agent does: what an agent publishes while it handles a message has that message as its cause.
 */
export interface Message<P = JsonValue> {
  readonly id: string;
  readonly channel: string;
  /** The agent that published it; null for one from outside. */
  readonly source: string | null;
  /** Milliseconds since the Unix epoch. */
  readonly time: number;
  readonly payload: P;
  readonly headers: Headers;
  /** The id of the message that was being handled when this one was published; null for one from outside. */
  readonly causationId: string | null;
  /** The id of the first message of its causal tree. */
  readonly correlationId: string;
  /** How many messages stand above it in its causal tree; 0 for the first. */
  readonly hops: number;
  /** Messages of one key are handled in order by an agent; null: in no order. */
  readonly key: string | null;
  /** W3C `traceparent`; null where nobody traces. */
  readonly traceparent: string | null;
}
