import type { JsonObject, Schema } from '@dagger/core';
import { describeSchema } from '@dagger/core/kernel';

/**
 * The JSON Schema of payloads; `{}`, which lets everything through, where there is none or a Standard Schema cannot tell.
 *
 * - Core says "an object" there, which is so for the inputs of nodes and not for messages.
 * - It is the side that goes into the schema, of outputs too: messages are judged by a schema, and sent as they were.
 */
export const payloadSchema = (schema: Schema | undefined): JsonObject => {
  if (schema === undefined) return {};
  const described = describeSchema(schema, 'input');
  const isFallback = Object.keys(described).length === 1 && described['type'] === 'object';
  return '~standard' in schema && isFallback ? {} : described;
};
