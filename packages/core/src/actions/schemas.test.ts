import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { DagExecutor } from '../executor/executor.ts';
import type { JsonObject } from '../json.ts';
import type { NodeReport } from '../run/report.ts';
import { jsonSchema } from '../schema/validator.ts';
import type { AnyAction } from './action.ts';
import { defineAction } from './action.ts';
import { ActionRegistry } from './registry.ts';

/** Runs one node with the action and the inputs. */
const setup = async (action: AnyAction, inputs: JsonObject): Promise<NodeReport> => {
  const executor = await DagExecutor.open({
    registry: new ActionRegistry([action]),
    config: { retryStrategy: 'immediate' },
  });
  const fields = Object.entries(inputs).map(([name, value]) => ({ name, value: value ?? null }));
  executor.add({ name: 'g', nodes: [{ id: 'a', action: action.name, inputs: fields }] });
  return (await executor.run('g')).nodes['a'] as NodeReport;
};

interface Query {
  readonly url: string;
  readonly limit: number;
}

const plain = jsonSchema<Query>({
  type: 'object',
  properties: { url: { type: 'string' }, limit: { type: 'integer', minimum: 1 } },
  required: ['url', 'limit'],
  additionalProperties: false,
});
const zod = z.strictObject({ url: z.string(), limit: z.int().min(1) });

describe.each([
  ['JSON Schema', plain],
  ['Zod', zod],
])('inputs checked with %s', (_, input) => {
  const action = (runs: unknown[]): AnyAction =>
    defineAction<Query>({
      name: 'act',
      input,
      execute: ({ inputs }) => void runs.push(inputs),
    });

  it('reach the action when they fit', async () => {
    const runs: unknown[] = [];
    expect((await setup(action(runs), { url: 'u', limit: 2 })).status).toBe('succeeded');
    expect(runs).toEqual([{ url: 'u', limit: 2 }]);
  });

  it.each([
    ['a wrong type', { url: 7, limit: 2 }, 'url: '],
    ['a missing key', { url: 'u' }, 'limit'],
    ['a number out of bounds', { url: 'u', limit: 0 }, 'limit: '],
    ['an unknown key', { url: 'u', limit: 1, more: 1 }, 'more'],
  ])('fail the node at once for %s, and the action never runs', async (_, inputs, where) => {
    const runs: unknown[] = [];
    const node = await setup(action(runs), inputs);
    expect(node).toMatchObject({
      status: 'failed',
      attempts: 1,
      error: { code: 'INPUT_INVALID', retryable: false },
    });
    expect(node.error?.message).toContain("do not fit the schema of action 'act'");
    expect(node.error?.message).toContain(where);
    expect(runs).toEqual([]);
  });

  it('name every mistake', async () => {
    const node = await setup(action([]), { url: 7, limit: 'many' });
    expect(node.error?.message).toMatch(/url: .*; .*limit: /);
  });
});

describe.each([
  [
    'JSON Schema',
    jsonSchema<{ n: number }>({
      type: 'object',
      properties: { n: { type: 'number' } },
      required: ['n'],
    }),
  ],
  ['Zod', z.object({ n: z.number() })],
])('outputs checked with %s', (_, output) => {
  it('fail the attempt when they do not fit', async () => {
    const results = [{ n: 'one' }, {}, { n: 1 }];
    const node = await setup({ name: 'act', output, execute: () => results.shift() }, {});
    expect(node).toMatchObject({ status: 'succeeded', attempts: 3, outputs: { n: 1 } });
    expect(node.retries.map(({ error }) => error.code)).toEqual([
      'OUTPUT_INVALID',
      'OUTPUT_INVALID',
    ]);
    expect(node.retries[0]?.error.message).toContain('n: ');
  });
});

describe('a schema that changes values', () => {
  it('gives the action its defaults and conversions', async () => {
    const runs: unknown[] = [];
    const input = z.object({
      limit: z.number().default(10),
      tag: z
        .string()
        .trim()
        .transform((t) => t.length),
    });
    await setup(
      defineAction({ name: 'act', input, execute: ({ inputs }) => void runs.push(inputs) }),
      { tag: ' ab ' },
    );
    expect(runs).toEqual([{ limit: 10, tag: 2 }]);
  });

  it('gives dependents the outputs as it changed them', async () => {
    const output = z.object({
      n: z.number().transform((n) => n * 2),
      extra: z.string().default('e'),
    });
    expect((await setup({ name: 'act', output, execute: () => ({ n: 2 }) }, {})).outputs).toEqual({
      n: 4,
      extra: 'e',
    });
  });

  it('fails the node when it makes something that is not JSON of an output', async () => {
    const output = z.object({ at: z.string().transform((text) => new Date(text)) });
    const node = await setup({ name: 'act', output, execute: () => ({ at: '2026-01-01' }) }, {});
    expect(node).toMatchObject({ status: 'failed', attempts: 1, error: { code: 'NOT_JSON' } });
    expect(node.error?.message).toContain('(at at)');
  });
});

describe('an asynchronous schema', () => {
  const known = (ids: readonly string[]): z.ZodType<{ id: string }> =>
    z.object({
      id: z.string().refine(async (id) => Promise.resolve(ids.includes(id)), 'is not known'),
    });

  it('is awaited for inputs', async () => {
    const runs: unknown[] = [];
    const action = defineAction({
      name: 'act',
      input: known(['a']),
      execute: ({ inputs }) => void runs.push(inputs.id),
    });
    expect((await setup(action, { id: 'a' })).status).toBe('succeeded');
    expect((await setup(action, { id: 'b' })).error).toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringContaining('id: is not known'),
    });
    expect(runs).toEqual(['a']);
  });

  it('is awaited for outputs', async () => {
    const results = [{ id: 'b' }, { id: 'a' }];
    const node = await setup(
      { name: 'act', output: known(['a']), execute: () => results.shift() },
      {},
    );
    expect(node).toMatchObject({ status: 'succeeded', attempts: 2, outputs: { id: 'a' } });
  });

  it('that rejects fails the node', async () => {
    const validate = async (): Promise<never> => Promise.reject(new Error('no database'));
    const broken = { '~standard': { version: 1, vendor: 'test', validate } } as const;
    expect(
      (await setup({ name: 'act', input: broken, execute: () => {} }, {})).error?.message,
    ).toContain('no database');
    expect(
      (await setup({ name: 'act', output: broken, execute: () => {} }, {})).error?.message,
    ).toContain('no database');
  });
});

describe('a JSON Schema that is itself wrong', () => {
  it('fails the node and says so', async () => {
    const node = await setup({ name: 'act', input: { type: 'objekt' }, execute: () => {} }, {});
    expect(node).toMatchObject({
      status: 'failed',
      attempts: 1,
      error: { code: 'ACTION_INVALID' },
    });
    expect(node.error?.message).toContain('does not compile');
  });
});
