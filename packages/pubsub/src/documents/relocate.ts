import type { JsonObject, JsonValue } from '@dagger/core';

/** Hold values of the user, not schemas. */
const VALUES: ReadonlySet<string> = new Set(['const', 'default', 'enum', 'examples']);
/** Hold schemas by names of the user, which may look like keywords. */
const BY_NAME: ReadonlySet<string> = new Set([
  '$defs',
  'definitions',
  'dependencies',
  'dependentSchemas',
  'patternProperties',
  'properties',
]);

/**
 * A JSON Schema as a part of a larger document: what it refers to in itself is looked for below `base`. Its own `$id` is left
 * out, for it would say otherwise.
 */
export const relocate = (schema: JsonObject, base: string): JsonObject => {
  const { $id: _, ...rest } = schema;
  return inSchema(rest, base) as JsonObject;
};

const inSchema = (schema: JsonValue, base: string): JsonValue => {
  if (typeof schema !== 'object' || schema === null) return schema;
  if (Array.isArray(schema)) return schema.map((item: JsonValue) => inSchema(item, base));
  return mapped(schema as JsonObject, (keyword, value) => {
    if (VALUES.has(keyword)) return value;
    if (BY_NAME.has(keyword) && typeof value === 'object' && value !== null)
      return mapped(value as JsonObject, (_, one) => inSchema(one, base));
    if (keyword === '$ref' && typeof value === 'string' && /^#(?:\/|$)/.test(value))
      return base + value.slice(1);
    return inSchema(value, base);
  });
};

const mapped = (
  object: JsonObject,
  change: (key: string, value: JsonValue) => JsonValue,
): JsonObject =>
  Object.fromEntries(
    Object.entries(object).map(([key, value]) => [key, change(key, value ?? null)]),
  );
