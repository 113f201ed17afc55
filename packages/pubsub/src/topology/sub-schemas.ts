import type { JsonObject, JsonValue } from '@dagger/core';

/** A part of a JSON Schema; what is neither an object nor a boolean is no schema, and says nothing. */
export type SubSchema = JsonValue;

export const isSchema = (schema: SubSchema | undefined): schema is JsonObject =>
  typeof schema === 'object' && schema !== null && !Array.isArray(schema);

const objectAt = (schema: JsonObject, keyword: string): JsonObject | undefined => {
  const value = schema[keyword];
  return isSchema(value) ? value : undefined;
};

export const requiredOf = (schema: JsonObject): ReadonlySet<string> => {
  const list = schema['required'];
  return new Set(
    Array.isArray(list)
      ? (list as readonly JsonValue[]).filter((key) => typeof key === 'string')
      : [],
  );
};

/** The schema of one property; `true` where nothing is known of it. */
export const memberSchema = (schema: JsonObject, key: string): SubSchema => {
  const properties = objectAt(schema, 'properties');
  if (properties !== undefined && Object.hasOwn(properties, key)) return properties[key] ?? true;
  // One of the patterns may be for this key.
  if (schema['patternProperties'] !== undefined) return true;
  return schema['additionalProperties'] ?? true;
};

/** Whether no object of a schema has this property, because it allows only others. */
export const closedBy = (schema: JsonObject, key: string): boolean => {
  const properties = objectAt(schema, 'properties');
  const isNamed = properties !== undefined && Object.hasOwn(properties, key);
  return !isNamed && memberSchema(schema, key) === false;
};

const tuple = (schema: JsonObject): readonly SubSchema[] => {
  const list = schema['prefixItems'];
  return Array.isArray(list) ? (list as readonly SubSchema[]) : [];
};

/** The schema of one item; `true` where nothing is known of it. */
export const itemSchema = (schema: JsonObject, index: number): SubSchema =>
  tuple(schema)[index] ?? schema['items'] ?? true;

/** Items with a schema of their own, not counting the one for all others. */
export const tupleLength = (schema: JsonObject): number => tuple(schema).length;

/** Items that every list of a schema has. */
export const fewestItems = (schema: JsonObject): number => {
  const fewest = schema['minItems'];
  return typeof fewest === 'number' ? fewest : 0;
};

/** What is found in one branch of `allOf`, or in every branch of `anyOf` or `oneOf`. */
export const overBranches = <T extends object>(
  schema: JsonObject,
  look: (branch: SubSchema) => T | undefined,
): T | undefined => {
  const list = (keyword: string): readonly SubSchema[] =>
    Array.isArray(schema[keyword]) ? (schema[keyword] as readonly SubSchema[]) : [];
  for (const branch of list('allOf')) {
    const found = look(branch);
    if (found !== undefined) return found;
  }
  for (const keyword of ['anyOf', 'oneOf']) {
    const found = list(keyword).map(look);
    if (found.length > 0 && found.every((one) => one !== undefined)) return found[0];
  }
  return undefined;
};
