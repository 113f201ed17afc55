import type { JsonObject } from '../json.ts';
import { snakeCase } from './keys.ts';
import { LONGEST_NAME } from './shape-parts.ts';

/** A part of the schema for each key of T; the compiler lists what is missing. */
export type Properties<T> = { readonly [K in keyof T]-?: JsonObject };

export const scalar = (description: string, more: JsonObject = {}): JsonObject => ({
  description,
  type: ['string', 'number'],
  ...more,
});
export const name = (description: string): JsonObject =>
  scalar(description, { minLength: 1, maxLength: LONGEST_NAME });
export const texts = (description: string): JsonObject => ({
  description,
  type: 'array',
  items: { type: ['string', 'number'] },
});
export const flag = (description: string): JsonObject => ({ description, type: 'boolean' });
export const number = (description: string, bounds: JsonObject): JsonObject => ({
  description,
  type: 'number',
  ...bounds,
});
export const integer = (description: string, bounds: JsonObject): JsonObject => ({
  description,
  type: 'integer',
  ...bounds,
});
export const orNull = ({ type, ...schema }: JsonObject): JsonObject => ({
  ...schema,
  type: [type ?? 'number', 'null'],
});

/** Words that editors should offer, and their capitalised forms that the founding documents use. */
export const words = (description: string, ...all: readonly string[]): JsonObject => ({
  description,
  anyOf: [
    { enum: all },
    {
      type: 'string',
      pattern: `^(${all.map((word) => word.slice(0, 1).toUpperCase() + word.slice(1)).join('|')})$`,
    },
  ],
});

/** A closed map. The camelCase form of a key is accepted by a pattern, so that editors offer one form only. */
export const closed = (
  properties: Readonly<Record<string, JsonObject>>,
  required: readonly string[] = [],
): JsonObject => {
  const camel = Object.entries(properties).filter(([key]) => snakeCase(key) !== key);
  return {
    type: 'object',
    properties: Object.fromEntries(
      Object.entries(properties).map(([key, value]): [string, JsonObject] => [
        snakeCase(key),
        value,
      ]),
    ),
    ...(camel.length > 0
      ? {
          patternProperties: Object.fromEntries(
            camel.map(([key, value]): [string, JsonObject] => [`^${key}$`, value]),
          ),
        }
      : {}),
    ...(required.length > 0 ? { required } : {}),
    additionalProperties: false,
  };
};

export const single = (key: string, value: JsonObject): JsonObject => ({
  type: 'object',
  properties: { [key]: value },
  patternProperties: { [`^${key.slice(0, 1).toUpperCase()}${key.slice(1)}$`]: value },
  minProperties: 1,
  maxProperties: 1,
  additionalProperties: false,
});
