import { DaggerError, type JsonValue, type RetryPolicy, type Schema } from '@dagger/core';
import { checkAction, describeValue } from '@dagger/core/kernel';
import type { QueueOptions } from '../channel/options.ts';
import { OVERFLOWS } from '../channel/options.ts';
import type { Message } from '../message/message.ts';
import type { Middleware } from '../middleware/middleware.ts';
import { checkPattern, checkSubject } from '../subject/subject.ts';
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
  /** What the payloads of its messages must be: others are refused when they are published. */
  readonly input?: Schema<I> | undefined;
  /** What the payloads must be that it publishes. */
  readonly output?: Schema<O> | undefined;
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
 * Types the messages from the schemas, checks the definition, and gives it back frozen.
 * @throws DaggerError AGENT_INVALID naming the field and the reason
 */
export const definePubSubAgent = <I = JsonValue, O = JsonValue>(
  agent: PubSubAgent<I, O>,
): PubSubAgent<I, O> => {
  checkAgent(agent);
  return Object.freeze({ ...agent });
};

const EMPTY = (): object => ({});

const KNOWN: ReadonlySet<string> = new Set([
  'name',
  'description',
  'subscriptions',
  'publications',
  'input',
  'output',
  'group',
  'concurrency',
  'orderBy',
  'receiveOwn',
  'timeout',
  'retry',
  'middleware',
  'capacity',
  'overflow',
  'processMessage',
]);

/** @throws DaggerError AGENT_INVALID naming the field and the reason */
export const checkAgent = (agent: AnyPubSubAgent): void => {
  const given: unknown = agent;
  const name: unknown = (given as { readonly name?: unknown } | null | undefined)?.name;
  const refuse = (reason: string, cause?: unknown): never => {
    throw new DaggerError(
      'AGENT_INVALID',
      `agent ${typeof name === 'string' ? `'${name}'` : '(no name)'}: ${reason}`,
      { ...(typeof name === 'string' ? { ids: { agent: name } } : {}), cause },
    );
  };
  if (typeof given !== 'object' || given === null)
    return refuse(`an agent is an object, not ${describeValue(given)}`);
  for (const key of Object.keys(given)) if (!KNOWN.has(key)) refuse(`unknown key '${key}'`);
  const { processMessage }: { readonly processMessage?: unknown } = given;
  if (typeof processMessage !== 'function')
    refuse(`processMessage must be a function, not ${describeValue(processMessage)}`);
  try {
    // The fields that agents share with actions.
    const { name: own, description, input, output, timeout, retry } = agent;
    const shared: unknown = {
      name: own,
      description,
      input,
      output,
      timeout,
      retry,
      execute: EMPTY,
    };
    checkAction(shared as never);
  } catch (error) {
    if (!(error instanceof DaggerError)) throw error;
    refuse(error.message.replace(/^action (?:'.*?'|\(no name\)): /s, ''), error);
  }
  subjects(agent.subscriptions, 'subscriptions', refuse);
  if (agent.subscriptions.length === 0) refuse('subscriptions must name a channel');
  if (agent.publications !== undefined) subjects(agent.publications, 'publications', refuse);
  if (agent.group !== undefined)
    try {
      checkSubject(agent.group);
    } catch (error) {
      refuse(`group: ${error instanceof Error ? error.message : String(error)}`, error);
    }
  for (const field of ['concurrency', 'capacity'] as const) {
    const value = agent[field];
    if (value !== undefined && !(Number.isSafeInteger(value) && value >= 1))
      refuse(`${field} must be a whole number of at least 1, not ${describeValue(value)}`);
  }
  if (agent.overflow !== undefined && !OVERFLOWS.includes(agent.overflow))
    refuse(`overflow must be one of ${OVERFLOWS.join(', ')}, not ${describeValue(agent.overflow)}`);
};

const subjects = (
  value: unknown,
  field: string,
  refuse: (reason: string, cause?: unknown) => never,
): void => {
  if (!Array.isArray(value))
    return refuse(`${field} must be a list of channels, not ${describeValue(value)}`);
  for (const pattern of value as readonly unknown[])
    try {
      checkPattern(pattern);
    } catch (error) {
      refuse(`${field}: ${error instanceof Error ? error.message : String(error)}`, error);
    }
};
