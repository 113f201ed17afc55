import type { JsonObject } from '@dagger/core';
import type { AnyPubSubAgent } from '../agent/agent.ts';

/** An agent that reads and publishes, and does nothing. */
export const agent = (
  name: string,
  subscriptions: readonly string[],
  publications: readonly string[] | undefined = [],
  rest: Partial<AnyPubSubAgent> = {},
): AnyPubSubAgent => ({
  name,
  subscriptions,
  publications,
  processMessage: () => undefined,
  ...rest,
});

/** A schema of an object with these properties, all of them required. */
export const object = (properties: JsonObject): JsonObject => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
});
