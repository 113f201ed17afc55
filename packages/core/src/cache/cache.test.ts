import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { JsonValue } from '../json.ts';
import { jsonSchema } from '../schema/validator.ts';
import { Cache } from './cache.ts';
import { parseInputFromName } from './input.ts';

const setup = (): Cache => {
  const cache = new Cache();
  cache.insert('fetch', 'rows', [{ price: 1 }]);
  cache.insert('fetch', 'count', 1);
  cache.insertGlobal('stats', 'mean', 2.5);
  return cache;
};

describe('the values of a node', () => {
  it('are read by node and key', () => {
    const cache = setup();
    expect(cache.get('fetch', 'count')).toBe(1);
    expect(cache.get('fetch', 'nothing')).toBeUndefined();
    expect(cache.get('nobody', 'count')).toBeUndefined();
    expect([
      cache.has('fetch', 'count'),
      cache.has('fetch', 'x'),
      cache.contains('fetch'),
      cache.contains('x'),
      cache.contains('fetch', 'rows'),
    ]).toEqual([true, false, true, false, true]);
    expect(cache.outputsOf('fetch')).toEqual({ rows: [{ price: 1 }], count: 1 });
    expect(cache.outputsOf('nobody')).toBeUndefined();
  });

  it.each(['"quoted"', '7', 'true', 'null', '{"a":1}', ' spaced ', ''])(
    'keep their type: the text %j stays a text',
    (text) => {
      const cache = setup();
      cache.insert('n', 'k', text);
      expect(cache.get('n', 'k')).toBe(text);
      expect(Cache.fromJSON(cache.serialize()).get('n', 'k')).toBe(text);
    },
  );

  it('may be null or false, which is not absent', () => {
    const cache = setup();
    cache.insert('n', 'null', null);
    cache.insert('n', 'false', false);
    expect([
      cache.get('n', 'null'),
      cache.has('n', 'null'),
      cache.get('n', 'false'),
      cache.has('n', 'false'),
    ]).toEqual([null, true, false, true]);
  });

  it('are not those of prototypes', () => {
    const cache = setup();
    cache.setOutputs('n', {});
    for (const key of ['toString', 'constructor', '__proto__']) {
      expect(cache.get('n', key)).toBeUndefined();
      expect(cache.get(key, 'x')).toBeUndefined();
    }
  });

  it('are frozen', () => {
    const rows = setup().get('fetch', 'rows') as { price: number }[];
    expect(() => rows.push({ price: 2 })).toThrow(TypeError);
    expect(() => Object.assign(rows[0] as object, { price: 3 })).toThrow(TypeError);
  });

  it('must be JSON: anything else is refused with its path, and nothing is stored', () => {
    const cache = setup();
    expect(() => cache.insert('n', 'k', { at: new Date(0) })).toThrow(
      expect.objectContaining({ code: 'NOT_JSON', message: expect.stringContaining('(at at)') }),
    );
    expect(() => cache.insertGlobal('n', 'k', NaN)).toThrow(
      expect.objectContaining({ code: 'NOT_JSON' }),
    );
    expect(cache.contains('n')).toBe(false);
  });

  it('are cleared by node, or all together', () => {
    const cache = setup();
    cache.clearNode('fetch');
    expect([cache.contains('fetch'), cache.getGlobal('stats', 'mean'), cache.size]).toEqual([
      false,
      2.5,
      1,
    ]);
    cache.clear();
    expect([cache.size, [...cache]]).toEqual([0, []]);
  });
});

describe('a typed read', () => {
  it.each([
    ['JSON Schema', jsonSchema<number>({ type: 'number' })],
    ['Zod', z.number()],
  ])(
    'with %s gives the value when it fits, and says what is wrong when it does not',
    (_, schema) => {
      const cache = setup();
      expect(cache.get('fetch', 'count', schema)).toBe(1);
      expect(cache.getGlobal('stats', 'mean', schema)).toBe(2.5);
      expect(cache.get('fetch', 'nothing', schema)).toBeUndefined();
      expect(() => cache.get('fetch', 'rows', schema)).toThrow(
        expect.objectContaining({
          code: 'CACHE_TYPE',
          message: expect.stringContaining('fetch.rows'),
        }),
      );
    },
  );

  it('needs a schema that answers at once', () => {
    const slow = z.number().refine(async () => Promise.resolve(true));
    expect(() => setup().get('fetch', 'count', slow)).toThrow(
      expect.objectContaining({
        code: 'CACHE_TYPE',
        message: expect.stringContaining('asynchronous'),
      }),
    );
  });
});

describe('shared values', () => {
  it('have a name in two parts, apart from the nodes', () => {
    const cache = setup();
    cache.insertGlobal('fetch', 'rows', 'mine');
    expect(cache.getGlobal('fetch', 'rows')).toBe('mine');
    expect(cache.get('fetch', 'rows')).toEqual([{ price: 1 }]);
    expect(cache.getGlobal('a', 'b.c')).toBeUndefined();
  });

  it('are appended to a list, which is made when absent', () => {
    const cache = setup();
    cache.appendGlobal('log', 'lines', 'one');
    const before = cache.getGlobal('log', 'lines');
    cache.appendGlobal('log', 'lines', { two: 2 });
    expect(cache.getGlobal('log', 'lines')).toEqual(['one', { two: 2 }]);
    expect(before).toEqual(['one']);
    expect(() => cache.appendGlobal('stats', 'mean', 1)).toThrow(
      expect.objectContaining({
        code: 'CACHE_TYPE',
        message: expect.stringContaining('stats.mean'),
      }),
    );
  });
});

describe('parseInputFromName', () => {
  const fields = [
    { name: 'literal', value: 'x' },
    { name: 'price', reference: 'fetch.rows[0].price' },
    { name: 'run', reference: 'inputs.url' },
    { name: 'fallback', reference: 'fetch.absent', default: 9 },
    { name: 'broken', reference: 'fetch.absent' },
  ];

  it('reads literals, references and defaults', () => {
    const cache = setup();
    cache.insert('inputs', 'url', 'u');
    expect(
      ['literal', 'price', 'run', 'fallback'].map((name) =>
        parseInputFromName(cache, name, fields),
      ),
    ).toEqual(['x', 1, 'u', 9]);
    expect(parseInputFromName(cache, 'price', fields, z.number())).toBe(1);
  });

  it('says what is missing, and what there is', () => {
    const cache = setup();
    expect(() => parseInputFromName(cache, 'broken', fields)).toThrow(
      expect.objectContaining({
        code: 'INPUT_MISSING',
        message: "input 'broken' is missing: nothing is at 'fetch.absent'",
      }),
    );
    expect(() => parseInputFromName(cache, 'prize', fields)).toThrow(
      "there is no input called 'prize'; there is 'literal', 'price'",
    );
    expect(() => parseInputFromName(cache, 'price', fields, z.string())).toThrow(
      expect.objectContaining({ code: 'CACHE_TYPE' }),
    );
  });
});

describe('a cache as JSON', () => {
  const name = (): fc.Arbitrary<string> =>
    fc.oneof(
      fc.string(),
      fc.constantFrom('__proto__', 'constructor', 'toString', 'inputs', '\u0000global\u0000', '0'),
    );
  const json = (): fc.Arbitrary<JsonValue> =>
    fc.json({ maxDepth: 3 }).map((text) => JSON.parse(text) as JsonValue);
  const writes = (): fc.Arbitrary<['insert' | 'insertGlobal', string, string, JsonValue][]> =>
    fc.array(fc.tuple(fc.constantFrom('insert', 'insertGlobal'), name(), name(), json()), {
      maxLength: 20,
    });

  it.each([
    ['as data', (cache: Cache) => Cache.fromJSON(cache.toJSON())],
    ['as text', (cache: Cache) => Cache.fromJSON(cache.serialize())],
    ['as pretty text', (cache: Cache) => Cache.fromJSON(cache.serialize({ pretty: true }))],
    ['by JSON.stringify', (cache: Cache) => Cache.fromJSON(JSON.stringify(cache))],
  ])('comes back %s exactly as it was, whatever it holds', (_, again) => {
    fc.assert(
      fc.property(writes(), (list) => {
        const cache = new Cache();
        for (const [method, space, key, value] of list) cache[method](space, key, value);
        const copy = again(cache);
        const sorted = (of: Cache): string[] =>
          [...of].map((entry) => JSON.stringify(entry)).toSorted();
        expect(sorted(copy)).toEqual(sorted(cache));
        expect(copy.size).toBe(cache.size);
        for (const [method, space, key] of list) {
          const read = method === 'insert' ? 'get' : 'getGlobal';
          expect(copy[read](space, key)).toEqual(cache[read](space, key));
        }
      }),
    );
  });

  it('is indented when it is to be read', () => {
    expect(setup().serialize({ pretty: true })).toContain('\n  "nodes": {\n');
    expect(setup().serialize()).not.toContain('\n');
  });

  it.each([
    '',
    'no JSON',
    '[]',
    '7',
    'null',
    '{}',
    '{"nodes":{}}',
    '{"nodes":[],"global":{}}',
    '{"nodes":{"a":1},"global":{}}',
  ])('%j is refused', (text) => {
    expect(() => Cache.fromJSON(text)).toThrow(expect.objectContaining({ code: 'CACHE_TYPE' }));
  });

  it('lists its values with their scope', () => {
    expect([...setup()]).toEqual([
      { scope: 'node', space: 'fetch', key: 'rows', value: [{ price: 1 }] },
      { scope: 'node', space: 'fetch', key: 'count', value: 1 },
      { scope: 'global', space: 'stats', key: 'mean', value: 2.5 },
    ]);
  });
});

describe('a cache that takes over an export from storage', () => {
  const stored = (cache: Cache): ReturnType<Cache['toJSON']> =>
    JSON.parse(cache.serialize()) as ReturnType<Cache['toJSON']>;

  it('has the same values, frozen, also of a node without any', () => {
    const before = setup();
    before.setOutputs('silent', {});
    const cache = Cache.restore(stored(before));
    expect(cache.toJSON()).toEqual(before.toJSON());
    expect(cache.contains('silent')).toBe(true);
    expect(Object.isFrozen(cache.get('fetch', 'rows'))).toBe(true);
  });

  it('keeps values that were put under the id of a node beside its outputs', () => {
    const cache = Cache.restore(stored(setup()));
    cache.setOutputs('fetch', { count: 2 });
    expect(cache.outputsOf('fetch')).toEqual({ rows: [{ price: 1 }], count: 2 });
  });

  it('holds to its limits', () => {
    expect(Cache.restore(stored(setup()), { maxEntries: 1 }).size).toBe(1);
  });

  it('is added to like any other', () => {
    const before = new Cache();
    before.appendGlobal('log', 'lines', 'a');
    const cache = Cache.restore(stored(before));
    cache.appendGlobal('log', 'lines', 'b');
    expect(cache.getGlobal('log', 'lines')).toEqual(['a', 'b']);
  });
});
