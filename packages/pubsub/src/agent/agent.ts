import type { InputSchema, JsonValue, RetryPolicy, Schema } from '@dagger/core';
import type { QueueOptions } from '../channel/options.ts';
import type { Message } from '../message/message.ts';
import type { Middleware } from '../middleware/middleware.ts';
import { checkAgent } from './check-agent.ts';
import type { PubSubContext } from './context.ts';

/**
 * Handles the messages of its channels, and publishes others. What it publishes goes out when it has ended well, together with
 * the acknowledgement of its message; an attempt that fails publishes nothing. A plain object with `name`, `subscriptions` and
 * `processMessage` is an agent.
 */
export interface PubSubAgent<I = JsonValue, O = JsonValue> extends QueueOptions {
  readonly name: string;
  readonly description?: string | undefined;
  /** Channels, or patterns of them: `*` stands for one part, `>` at the end for one or more. */
  readonly subscriptions: readonly string[];
  /** Channels (or patterns) that it may publish to. Default: any. */
  readonly publications?: readonly string[] | undefined;
  /**
   * What the payloads of its messages must be: others are refused when they are published. One that arrives all the same, as a dead
   * letter or from another process, fails without another attempt.
   */
  readonly input?: InputSchema<I> | undefined;
  /** What the payloads must be that it publishes. */
  readonly output?: InputSchema<O> | undefined;
  /** Agents of one group share the messages, each goes to one of them. Default: its name. */
  readonly group?: string | undefined;
  /** Messages handled at the same time. Default 16. */
  readonly concurrency?: number | undefined;
  /** Messages with the same text are handled one after the other. Default: the key of the message. */
  readonly orderBy?: ((message: Message<I>) => string | null) | undefined;
  /** Whether it receives what it published itself. Default false. */
  readonly receiveOwn?: boolean | undefined;
  /** Seconds for one attempt. Default: that of the executor. */
  readonly timeout?: number | undefined;
  /** Attempts in all (default 3), the delays between them, and which failures are worth another. */
  readonly retry?: RetryPolicy | undefined;
  /** Around its handler, the first outermost; those of the executor are around all of them. */
  readonly middleware?: readonly Middleware[] | undefined;
  processMessage(message: Message<I>, ctx: PubSubContext<O>): unknown;
}

/** An agent of whatever messages. */
export interface AnyPubSubAgent extends Omit<
  PubSubAgent<never, never>,
  'processMessage' | 'orderBy' | 'input' | 'output'
> {
  readonly input?: Schema | undefined;
  readonly output?: Schema | undefined;
  readonly orderBy?: ((message: Message<never>) => string | null) | undefined;
  processMessage(message: Message<never>, ctx: PubSubContext<never>): unknown;
}

/**
 * Types the messages from the schemas, checks the definition, and gives it back frozen. A schema checks and changes nothing: each
 * receiver gets what was published, so payloads have the type that goes into a schema, and not what it would make of them.
 * @throws DaggerError AGENT_INVALID naming the field and the reason
 */
export const definePubSubAgent = <I = JsonValue, O = JsonValue>(
  agent: PubSubAgent<I, O>,
): PubSubAgent<I, O> => {
  checkAgent(agent);
  return Object.freeze({ ...agent });
};
