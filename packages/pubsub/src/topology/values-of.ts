import type { JsonObject, JsonValue } from '@dagger/core';
import { canonicalJson, cleanLine } from '@dagger/core/kernel';
import { typeNames, typeOfValue, typesOf } from './types-of.ts';

const MOST_VALUES = 10;
const MOST_TEXT = 60;

/** The only values that a schema lets through, where it lists them. */
export const valuesOf = (schema: JsonObject): readonly JsonValue[] | undefined => {
  if (schema['const'] !== undefined) return [schema['const']];
  return Array.isArray(schema['enum']) ? (schema['enum'] as readonly JsonValue[]) : undefined;
};

/** Whether a schema surely refuses a value, by its list of values or its types. */
export const refuses = (schema: JsonObject, value: JsonValue): boolean => {
  const text = canonicalJson(value);
  const isListed = valuesOf(schema)?.some((one) => canonicalJson(one) === text);
  return isListed === false || !typesOf(schema).has(typeOfValue(value));
};

/** What a schema lets through, in words. */
export const allowedWords = (schema: JsonObject): string => {
  const values = valuesOf(schema);
  if (values === undefined) return typeNames(typesOf(schema));
  const shown = values.slice(0, MOST_VALUES).map((value) => canonicalJson(value));
  return cleanLine(shown.join(' or ') || 'nothing', MOST_TEXT);
};
