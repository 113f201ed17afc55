import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { jsonSchema } from '../schema/validator.ts';
import { defineAction, type AnyAction } from './action.ts';
import { ActionRegistry } from './registry.ts';

const noop = (): void => {};

const setup = (): { readonly registry: ActionRegistry; readonly fetchRows: AnyAction } => {
  const fetchRows = defineAction({
    name: 'fetch_rows',
    description: 'Fetches rows',
    execute: noop,
  });
  return { registry: new ActionRegistry([fetchRows, { name: 'plain', execute: noop }]), fetchRows };
};

describe('a registry', () => {
  it('lists the names of its actions in the order of registration', () => {
    const { registry } = setup();
    registry.registerFn('late', noop).register({ name: 'later', execute: noop });
    expect(registry.list()).toEqual(['fetch_rows', 'plain', 'late', 'later']);
  });

  it('gives back the very action, and undefined for a name that it does not have', () => {
    const { registry, fetchRows } = setup();
    expect(registry.get('fetch_rows')).toBe(fetchRows);
    expect(registry.get('fetch')).toBeUndefined();
    expect(registry.contains('plain')).toBe(true);
    expect(registry.contains('toString')).toBe(false);
    expect(registry.contains('__proto__')).toBe(false);
  });

  it('refuses a second action of the same name', () => {
    const { registry } = setup();
    expect(() => registry.registerFn('plain', noop)).toThrow(
      expect.objectContaining({ code: 'ACTION_DUPLICATE', ids: { action: 'plain' } }),
    );
    expect(
      () =>
        new ActionRegistry([
          { name: 'a', execute: noop },
          { name: 'a', execute: noop },
        ]),
    ).toThrow("an action named 'a' is registered already");
  });

  it('is asked for an action that is not there: it names the closest', () => {
    expect(() => setup().registry.resolve('fetch_row')).toThrow(
      "no action named 'fetch_row' is registered; did you mean 'fetch_rows'?",
    );
  });

  it.each([
    ['null', null, 'an action is an object'],
    ['a function', noop, 'an action is an object'],
    ['no name', { execute: noop }, 'name must be a non-empty string'],
    ['a blank name', { name: ' ', execute: noop }, 'name must be a non-empty string'],
    ['no function', { name: 'a' }, 'execute must be a function'],
    [
      'a duration of 0',
      { name: 'a', execute: noop, duration: 0 },
      'duration must be a number of seconds above 0, not 0',
    ],
    [
      'a timeout of 0',
      { name: 'a', execute: noop, timeout: 0 },
      'timeout must be a number of seconds above 0, not 0',
    ],
    ['an endless timeout', { name: 'a', execute: noop, timeout: Infinity }, 'timeout must be'],
    [
      'no attempts',
      { name: 'a', execute: noop, retry: { attempts: 0 } },
      'retry.attempts must be a whole number of at least 1, not 0',
    ],
    [
      'half an attempt',
      { name: 'a', execute: noop, retry: { attempts: 1.5 } },
      'retry.attempts must be',
    ],
    [
      'an unknown retry strategy',
      { name: 'a', execute: noop, retry: { strategy: { type: 'often' } } },
      'retry.strategy',
    ],
    [
      'a delay that is no number',
      { name: 'a', execute: noop, retry: { strategy: { type: 'linear', delay: NaN } } },
      'retry.strategy',
    ],
  ])('refuses an action with %s, and says why', (_, action, reason) => {
    for (const attempt of [
      () => new ActionRegistry([action as unknown as AnyAction]),
      () => defineAction(action as never),
    ])
      expect(attempt).toThrow(
        expect.objectContaining({
          code: 'ACTION_INVALID',
          message: expect.stringContaining(reason),
        }),
      );
  });

  it('keeps a defined action as it was defined', () => {
    const definition = { name: 'a', execute: noop };
    const action = defineAction(definition);
    definition.name = 'b';
    expect(action.name).toBe('a');
    expect(Object.isFrozen(action)).toBe(true);
  });
});

describe('the tool schemas of a registry', () => {
  it('describe every action by its JSON Schemas, whatever they were written in', () => {
    const url = jsonSchema<{ url: string }>({
      type: 'object',
      properties: { url: { type: 'string' } },
      required: ['url'],
    });
    const registry = new ActionRegistry([
      defineAction({
        name: 'a',
        description: 'From JSON Schema',
        input: url,
        execute: () => ({ n: 1 }),
      }),
      defineAction({
        name: 'b',
        input: z.object({ limit: z.number().default(10), tag: z.string() }),
        output: z.object({ rows: z.array(z.string()) }),
        execute: () => ({ rows: [] }),
      }),
      { name: 'c', execute: noop },
    ]);
    const [a, b, c] = registry.toolSchemas();
    expect(a).toEqual({
      name: 'a',
      description: 'From JSON Schema',
      parameters: url,
      returns: { type: 'object' },
    });
    expect(b).toMatchObject({
      name: 'b',
      description: '',
      parameters: {
        type: 'object',
        required: ['tag'],
        properties: { limit: { default: 10, type: 'number' } },
      },
      returns: {
        properties: { rows: { type: 'array', items: { type: 'string' } } },
        required: ['rows'],
      },
    });
    expect(c).toEqual({
      name: 'c',
      description: '',
      parameters: { type: 'object' },
      returns: { type: 'object' },
    });
    expect(JSON.parse(JSON.stringify([a, b, c]))).toEqual([a, b, c]);
  });

  it('fall back to any object for a Standard Schema that cannot describe itself', () => {
    const mute = {
      '~standard': { version: 1, vendor: 'mute', validate: (value: unknown) => ({ value }) },
    } as const;
    const [tool] = new ActionRegistry([{ name: 'a', input: mute, execute: noop }]).toolSchemas();
    expect(tool?.parameters).toEqual({ type: 'object' });
  });
});
