import type { JsonValue } from '@dagger/core';
import type { AnyPubSubAgent, Message, PubSubOptions } from '@dagger/pubsub';

/** A message from outside. */
export interface BusInput {
  readonly channel: string;
  readonly payload: JsonValue;
  readonly key?: string;
}

/**
 * What is to survive a crash: messages on durable channels, and what agents make of them. A module exports it as `scenario`. It must
 * do the same in every process: no state between two openings, no chance, and no payload that tells how often an agent was run.
 */
export interface BusCrashScenario {
  readonly name: string;
  /** The agents of a bus; their retries wait for nothing. */
  agents(): readonly AnyPubSubAgent[];
  /** Which of them a person looks after. */
  readonly channels?: PubSubOptions['channels'];
  /** What that person says: null lets a message through, a text is the reason why not. Default: everything passes. */
  review?(message: Message): string | null;
  /** Published in this order; which of them are there already is found out by each process. */
  readonly inputs: readonly BusInput[];
}
