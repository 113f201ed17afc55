import type { JsonObject, JsonValue } from '@dagger/core';
import { compileSchema } from '@dagger/core/kernel';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { incompatibility } from './compatible.ts';

const object = (properties: JsonObject, rest: JsonObject = {}): JsonObject => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  ...rest,
});
const STRING = { type: 'string' };
const NUMBER = { type: 'number' };
const CLOSED = { additionalProperties: false };

describe('incompatibility tells', () => {
  it.each<[string, JsonObject, JsonObject, string]>([
    [
      'types that have no value in common',
      STRING,
      { type: ['number', 'null'] },
      'the output is string, the input must be number or null',
    ],
    [
      'a property of another type',
      object({ user: object({ id: NUMBER }) }),
      object({ user: object({ id: STRING }) }),
      'user.id: the output is number, the input must be string',
    ],
    [
      'a required property that a closed output lacks',
      object({ a: NUMBER }, CLOSED),
      object({ b: NUMBER }),
      'b: the input requires it, the output cannot have it',
    ],
    [
      'a property that a closed input does not allow',
      object({ a: NUMBER, b: NUMBER }),
      object({ a: NUMBER }, CLOSED),
      'b: the output always has it, the input does not allow it',
    ],
    [
      'an optional property of another type that the input requires',
      { type: 'object', properties: { a: NUMBER } },
      object({ a: STRING }),
      'a: the output is number, the input must be string',
    ],
    [
      'lists of values that have none in common',
      { enum: ['a', 'b'] },
      { enum: ['c', 1] },
      'the output is "a" or "b", the input must be "c" or 1',
    ],
    [
      'constants of another value',
      object({ kind: { const: 'made' } }),
      object({ kind: { const: 'sold' } }),
      'kind: the output is "made", the input must be "sold"',
    ],
    [
      'a constant of another type',
      { const: 1.5 },
      { type: 'integer' },
      'the output is 1.5, the input must be integer',
    ],
    [
      'items of another type',
      object({ tags: { type: 'array', items: STRING } }),
      object({ tags: { type: 'array', items: object({}) } }),
      'tags[0]: the output is string, the input must be object',
    ],
    [
      'a later item that is always there',
      { type: 'array', prefixItems: [STRING, STRING], minItems: 2 },
      { type: 'array', prefixItems: [STRING, NUMBER] },
      '[1]: the output is string, the input must be number',
    ],
    [
      'lists that are too short',
      { type: 'array', prefixItems: [STRING], items: false },
      { type: 'array', minItems: 2 },
      '[1]: the output can be nothing there',
    ],
    [
      'every branch of anyOf',
      { anyOf: [STRING, { type: 'null' }] },
      { oneOf: [NUMBER, { type: 'boolean' }] },
      'the output is string, the input must be number',
    ],
    [
      'one branch of allOf',
      object({ a: { allOf: [{ minLength: 1 }, STRING] } }),
      object({ a: NUMBER }),
      'a: the output is string, the input must be number',
    ],
    [
      'properties by names that objects have anyway',
      JSON.parse('{"type":"object","required":["__proto__"]}') as JsonObject,
      object({}, CLOSED),
      '__proto__: the output always has it, the input does not allow it',
    ],
    [
      'each type that both allow',
      { type: ['object', 'array', 'null'], required: ['a'], properties: { a: NUMBER } },
      { type: ['object', 'string'], required: ['a'], properties: { a: STRING } },
      'a: the output is number, the input must be string',
    ],
  ])('%s', (_, output, input, expected) => {
    expect(incompatibility(output, input)).toBe(expected);
  });
});

describe('incompatibility says nothing', () => {
  it.each<[string, JsonObject, JsonObject]>([
    ['of equal schemas', object({ a: STRING }), object({ a: STRING })],
    ['where either allows everything', {}, object({ a: STRING })],
    ['of whole numbers for numbers', { type: 'integer' }, NUMBER],
    ['of numbers that may be whole', NUMBER, { type: 'integer' }],
    ['of a property that an open output may have', object({ a: NUMBER }), object({ b: NUMBER })],
    [
      'of a property that both may leave out',
      { type: 'object', properties: { a: NUMBER } },
      { type: 'object', properties: { a: STRING } },
    ],
    [
      'of a closed output with patterns',
      object({}, { ...CLOSED, patternProperties: { '^b': NUMBER } }),
      object({ b: NUMBER }),
    ],
    ['of lists that must be empty', { type: 'array', items: false }, { type: 'array' }],
    ['of nullable, which the validator heeds', { ...STRING, nullable: true }, { type: 'null' }],
    ['of a branch that may be right', { anyOf: [STRING, NUMBER] }, { type: 'integer' }],
    ['of references', { $ref: '#/$defs/a', $defs: { a: STRING } }, NUMBER],
    [
      'of what is only in another type',
      { type: ['object', 'string'], required: ['a'], properties: { a: NUMBER } },
      { type: ['object', 'string'], required: ['a'], properties: { a: STRING } },
    ],
    ['of what is no schema', { type: 'nonsense' }, STRING],
    [
      'of nonsense in keywords',
      {
        type: 'object',
        required: 'a',
        properties: 1,
        items: 2,
        anyOf: {},
        additionalProperties: 3,
      },
      { type: 'object', required: [1, null], properties: [], allOf: [], prefixItems: {} },
    ],
  ])('%s', (_, output, input) => {
    expect(incompatibility(output, input)).toBeUndefined();
  });

  it('of schemas that are too deep or too wide to look through', () => {
    let deep: JsonObject = STRING;
    let other: JsonObject = NUMBER;
    for (let i = 0; i < 100; i++) [deep, other] = [object({ a: deep }), object({ a: other })];
    expect(incompatibility(deep, other)).toBeUndefined();
    let wide: JsonObject = STRING;
    for (let i = 0; i < 20; i++) wide = { anyOf: [wide, wide, wide] };
    expect(incompatibility(wide, wide)).toBeUndefined();
  });
});

const { schema: anySchema } = fc.letrec<{ schema: JsonObject; leaf: JsonObject }>((tie) => ({
  leaf: fc.oneof(
    fc.record(
      {
        type: fc.constantFrom<JsonValue>('string', 'integer', 'number', 'null', ['null', 'string']),
      },
      { requiredKeys: ['type'] },
    ),
    fc.constantFrom<JsonObject>({ const: 1 }, { const: 'a' }, { enum: ['a', null] }, {}),
    fc.constant<JsonObject>({ type: 'string', nullable: true }),
  ),
  schema: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    tie('leaf'),
    fc
      .record(
        {
          properties: fc.dictionary(fc.constantFrom('a', 'b'), tie('schema')),
          required: fc.uniqueArray(fc.constantFrom('a', 'b')),
          additionalProperties: fc.oneof(fc.boolean(), tie('leaf')),
          type: fc.constantFrom<JsonValue>('object', ['object', 'null']),
        },
        { requiredKeys: ['properties'] },
      )
      .map((s) => s as JsonObject),
    fc
      .record(
        {
          type: fc.constantFrom<JsonValue>('array', ['array', 'integer']),
          items: fc.oneof(fc.constant(false), tie('schema')),
          prefixItems: fc.array(tie('schema'), { minLength: 1, maxLength: 2 }),
          minItems: fc.nat(3),
        },
        { requiredKeys: ['type'] },
      )
      .map((s) => s as JsonObject),
    fc
      .tuple(
        fc.constantFrom('allOf', 'anyOf', 'oneOf'),
        fc.array(tie('schema'), { minLength: 1, maxLength: 2 }),
      )
      .map(([keyword, list]) => ({ [keyword]: list })),
  ),
}));

const { value: anyValue } = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom<JsonValue>('a', 'b', null, 1, 1.5, true),
    fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('value'), { maxKeys: 2 }),
    fc.array(tie('value'), { minLength: 1, maxLength: 3 }),
  ),
}));

describe('incompatibility', () => {
  it('never says that of schemas which a value satisfies', () => {
    let told = 0;
    fc.assert(
      fc.property(anySchema, anySchema, fc.array(anyValue, { maxLength: 30 }), (a, b, values) => {
        const found = incompatibility(a, b);
        expect(incompatibility(b, a) === undefined).toBe(found === undefined);
        if (found === undefined) return;
        told++;
        const [left, right] = [compileSchema(a), compileSchema(b)];
        const satisfies = (result: ReturnType<typeof left>): boolean =>
          !(result instanceof Promise) && result.issues === undefined;
        const both = values.filter((one) => satisfies(left(one)) && satisfies(right(one)));
        expect([found, both]).toEqual([found, []]);
      }),
      { numRuns: 200 },
    );
    expect(told).toBeGreaterThan(20);
  });
});
