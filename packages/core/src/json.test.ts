import { runInNewContext } from 'node:vm';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DaggerError } from './errors.ts';
import { canonicalJson, MAX_DEPTH, sealJson, sealParsed, type JsonValue } from './json.ts';

const refusal = (value: unknown): string => {
  try {
    sealJson(value);
  } catch (error) {
    if (error instanceof DaggerError && error.code === 'NOT_JSON') return error.message;
    throw error;
  }
  return 'accepted';
};

const isDeeplyFrozen = (value: unknown): boolean =>
  typeof value !== 'object' ||
  value === null ||
  (Object.isFrozen(value) && Object.values(value).every(isDeeplyFrozen));

/** Any JSON value, keys such as `__proto__` included. */
const json = (): fc.Arbitrary<JsonValue> =>
  fc.json({ maxDepth: 5 }).map((text) => JSON.parse(text) as JsonValue);

const notJson = fc.constantFrom<readonly [unknown, string]>(
  [() => 1, 'a function'],
  [Symbol('s'), 'a symbol'],
  [1n, 'a BigInt'],
  [NaN, 'NaN'],
  [Infinity, 'Infinity'],
  [-Infinity, '-Infinity'],
  [new Date(0), 'a Date'],
  [new Map(), 'a Map'],
  [/x/, 'a RegExp'],
  [
    new (class Point {
      readonly x = 1;
    })(),
    'a Point',
  ],
  [new Uint8Array(2), 'a Uint8Array'],
);

describe('a JSON value', () => {
  it('is accepted as it is and frozen in depth, whatever it holds', () => {
    fc.assert(
      fc.property(json(), (value) => {
        const text = JSON.stringify(value);
        expect(sealJson(value)).toBe(value);
        expect(JSON.stringify(value)).toBe(text);
        expect(isDeeplyFrozen(value)).toBe(true);
      }),
    );
  });

  it('may have a key called __proto__, which stays an ordinary key', () => {
    const value = JSON.parse('{"__proto__": {"polluted": true}, "a": 1}') as JsonValue;
    expect(sealJson(value)).toBe(value);
    expect(Object.keys(value as object)).toEqual(['__proto__', 'a']);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  it('may come from another realm, or have no prototype', () => {
    expect(refusal(runInNewContext('({ a: [1, { b: null }] })'))).toBe('accepted');
    expect(refusal(Object.assign(Object.create(null) as object, { a: 1 }))).toBe('accepted');
  });

  it('may leave a property undefined, which counts as absent', () => {
    expect(refusal({ a: undefined, b: 1 })).toBe('accepted');
  });

  it('may hold one object several times', () => {
    const shared = { a: 1 };
    expect(refusal([shared, { again: shared }, shared])).toBe('accepted');
  });
});

describe('anything else is refused, with its path', () => {
  it('wherever it is', () => {
    const step = fc.oneof(
      fc.stringMatching(/^[a-z]{1,5}$/).filter((key) => !(key in Object.prototype)),
      fc.nat(3),
    );
    fc.assert(
      fc.property(notJson, fc.array(step, { maxLength: 6 }), ([bad, name], path) => {
        let value: unknown = bad;
        for (const key of path.toReversed()) {
          if (typeof key === 'number') {
            const list: unknown[] = Array.from({ length: key }, () => 0);
            list.push(value);
            value = list;
          } else value = { before: true, [key]: value };
        }
        const where =
          path
            .map((key, i) => (typeof key === 'number' ? `[${key}]` : i > 0 ? `.${key}` : key))
            .join('') || 'the value itself';
        expect(refusal(value)).toBe(`${name} is not a JSON value (at ${where})`);
      }),
    );
  });

  it.each([
    ['undefined itself', undefined, 'the value itself'],
    ['a list with a hole', [1, , 3], '[1]'], // oxlint-disable-line no-sparse-arrays
    ['undefined in a list', { rows: [undefined] }, 'rows[0]'],
    ['a key that is no name', { 'a b': { 'c-d': () => 1 } }, '["a b"]["c-d"]'],
    ['an object with a prototype of its own', { a: Object.create({ b: 1 }) as object }, 'a'],
  ])('%s', (_, value, where) => {
    expect(refusal(value)).toContain(`(at ${where})`);
  });

  it('a cycle is named as one', () => {
    const value: { a: { self?: unknown } } = { a: {} };
    value.a.self = value;
    expect(refusal(value)).toContain('a cycle: the value contains itself (at a.self.a.self');
  });

  it(`nesting deeper than ${MAX_DEPTH} levels`, () => {
    const nested = (levels: number): unknown => {
      let value: unknown = 1;
      for (let i = 0; i < levels; i++) value = i % 2 === 0 ? [value] : { a: value };
      return value;
    };
    expect(refusal(nested(MAX_DEPTH))).toBe('accepted');
    expect(refusal(nested(MAX_DEPTH + 1))).toContain(`nested deeper than ${MAX_DEPTH} levels`);
    expect(refusal(nested(100_000))).toContain(`nested deeper than ${MAX_DEPTH} levels`);
  });
});

describe('canonical JSON', () => {
  const shuffled = (value: JsonValue): JsonValue =>
    typeof value !== 'object' || value === null
      ? value
      : Array.isArray(value)
        ? value.map(shuffled)
        : Object.fromEntries(
            Object.entries(value)
              .toReversed()
              .map(([key, member]) => [key, shuffled(member as JsonValue)]),
          );

  it('is the same however the keys are ordered', () => {
    fc.assert(
      fc.property(json(), (value) => {
        expect(canonicalJson(shuffled(value))).toBe(canonicalJson(value));
      }),
    );
  });

  it('tells different values apart, and is JSON for the same value', () => {
    fc.assert(
      fc.property(json(), (value) => {
        expect(JSON.stringify(shuffled(JSON.parse(canonicalJson(value)) as JsonValue))).toBe(
          JSON.stringify(shuffled(JSON.parse(canonicalJson(shuffled(value))) as JsonValue)),
        );
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});

describe('what JSON.parse gave', () => {
  const isFrozenDeeply = (value: unknown): boolean =>
    typeof value !== 'object' ||
    value === null ||
    (Object.isFrozen(value) && Object.values(value).every(isFrozenDeeply));

  it('is frozen to its depths, and stays what it is', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), (text) => {
        const sealed = sealParsed(JSON.parse(text) as JsonValue);
        expect(isFrozenDeeply(sealed)).toBe(true);
        expect(sealed).toEqual(JSON.parse(text));
      }),
    );
  });
});
