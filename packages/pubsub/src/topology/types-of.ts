import type { JsonObject, JsonValue } from '@dagger/core';

/** The types of JSON, with the whole numbers apart so that no two of them share a value. */
export type JsonType = 'null' | 'boolean' | 'integer' | 'fraction' | 'string' | 'array' | 'object';

const ALL: ReadonlySet<JsonType> = new Set([
  'null',
  'boolean',
  'integer',
  'fraction',
  'string',
  'array',
  'object',
]);

const typesNamed = (name: unknown): readonly JsonType[] | undefined => {
  if (name === 'number') return ['integer', 'fraction'];
  const type = name as JsonType;
  return ALL.has(type) && type !== 'fraction' ? [type] : undefined;
};

/** The types that a schema may let through; all where it does not say. */
export const typesOf = (schema: JsonObject): ReadonlySet<JsonType> => {
  const type = schema['type'];
  if (type === undefined) return ALL;
  const types = new Set<JsonType>();
  for (const name of Array.isArray(type) ? (type as readonly JsonValue[]) : [type]) {
    const known = typesNamed(name);
    if (known === undefined) return ALL;
    for (const one of known) types.add(one);
  }
  // Not in JSON Schema, but our validator heeds it.
  if (schema['nullable'] === true) types.add('null');
  return types;
};

export const typeOfValue = (value: JsonValue): JsonType => {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'fraction';
  return typeof value as 'boolean' | 'string' | 'object';
};

/** As people say it: `string or null`. */
export const typeNames = (types: ReadonlySet<JsonType>): string =>
  [...types]
    .filter((type) => !(type === 'integer' && types.has('fraction')))
    .map((type) => (type === 'fraction' ? 'number' : type))
    .join(' or ') || 'nothing';
