/* oxlint-disable unicorn/no-thenable -- results that are thenables are a subject here */
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { DagExecutor } from '../executor/executor.ts';
import type { NodeReport } from '../run/report.ts';
import { failure, success } from './output.ts';
import { ActionRegistry } from './registry.ts';

/** Runs one node whose action gives `result`, and a node that reads its output `out`. */
const setup = async (
  execute: () => unknown,
): Promise<{
  readonly node: NodeReport;
  readonly dependent: NodeReport;
  readonly seen: unknown[];
}> => {
  const seen: unknown[] = [];
  const registry = new ActionRegistry([
    { name: 'make', execute },
    { name: 'read', execute: ({ inputs }) => void seen.push(inputs) },
  ]);
  const executor = await DagExecutor.open({ registry, config: { onFailure: 'continue' } });
  const graph = executor.add({
    name: 'g',
    nodes: [
      { id: 'a', action: 'make', tryCount: 1 },
      {
        id: 'b',
        action: 'read',
        dependencies: ['a'],
        inputs: [{ name: 'out', reference: 'a.out', default: 'none' }],
      },
    ],
  });
  const report = await executor.run(graph);
  return {
    node: report.nodes['a'] as NodeReport,
    dependent: report.nodes['b'] as NodeReport,
    seen,
  };
};

class Point {
  readonly x = 1;
}

const cyclic: { self?: unknown } = {};
cyclic.self = cyclic;

describe('a result', () => {
  it.each([
    ['a plain object', () => ({ out: 1 }), { out: 1 }],
    ['a promise of one', () => Promise.resolve({ out: 1 }), { out: 1 }],
    [
      'a promise of another realm',
      () => runInNewContext('Promise.resolve({ out: 1 })'),
      { out: 1 },
    ],
    [
      'a thenable',
      () => ({ then: (give: (value: object) => void) => give({ out: 1 }) }),
      { out: 1 },
    ],
    ['success()', () => success({ out: [1, { deep: null }] }), { out: [1, { deep: null }] }],
    ['a promise of success()', () => Promise.resolve(success({ out: 1 })), { out: 1 }],
    ['nothing', () => undefined, {}],
    ['null', () => null, {}],
    ['a promise of nothing', async () => {}, {}],
    ['success() of nothing', () => success(undefined), {}],
  ])('that is %s is a success', async (_, execute, outputs) => {
    const { node, dependent } = await setup(execute);
    expect(node).toMatchObject({ status: 'succeeded', outputs, error: null, attempts: 1 });
    expect(dependent.status).toBe('succeeded');
  });

  it('keeps what success() says about it', async () => {
    const { node } = await setup(() => success({ out: 1 }, { model: 'm-1' }));
    expect(node).toMatchObject({ metadata: { model: 'm-1' }, outputs: { out: 1 } });
  });

  it.each([
    [
      'a thrown error',
      () => {
        throw new Error('broken');
      },
    ],
    ['a rejection', () => Promise.reject(new Error('broken'))],
    ['failure()', () => failure(new Error('broken'))],
    ['a promise of failure()', () => Promise.resolve(failure('broken'))],
  ])('that is %s is a failure, and the dependent is skipped', async (_, execute) => {
    const { node, dependent } = await setup(execute);
    expect(node).toMatchObject({
      status: 'failed',
      outputs: null,
      error: { code: 'ACTION_FAILED', message: 'broken' },
    });
    expect(dependent).toMatchObject({ status: 'skipped', reason: 'dependency-failed' });
  });

  it('keeps what failure() says about it', async () => {
    const { node } = await setup(() => failure(new Error('broken'), { model: 'm-1' }));
    expect(node).toMatchObject({ status: 'failed', metadata: { model: 'm-1' } });
  });
});

describe('a result that is not an object of JSON values fails the node, which is not tried again', () => {
  it.each([
    ['a number', 7, 'OUTPUT_INVALID', 'not a number'],
    ['a text', 'x', 'OUTPUT_INVALID', 'not a string'],
    ['true', true, 'OUTPUT_INVALID', 'not a boolean'],
    ['a BigInt', 7n, 'OUTPUT_INVALID', 'not a bigint'],
    ['a function', () => 1, 'OUTPUT_INVALID', 'not a function'],
    ['a list', [1], 'OUTPUT_INVALID', 'not a list'],
    ['a Date', new Date(0), 'NOT_JSON', 'a Date is not a JSON value'],
    ['a Map', new Map(), 'NOT_JSON', 'a Map is not a JSON value'],
    ['a class instance', new Point(), 'NOT_JSON', 'a Point is not a JSON value'],
    ['a Date in it', { out: { at: new Date(0) } }, 'NOT_JSON', '(at out.at)'],
    ['NaN in it', { out: [1, NaN] }, 'NOT_JSON', 'NaN is not a JSON value (at out[1])'],
    ['a BigInt in it', { out: 1n }, 'NOT_JSON', 'a BigInt is not a JSON value (at out)'],
    ['a function in it', { out: { f: () => 1 } }, 'NOT_JSON', '(at out.f)'],
    [
      'a class instance in it',
      { out: [new Point()] },
      'NOT_JSON',
      'a Point is not a JSON value (at out[0])',
    ],
    [
      'a cycle in it',
      { out: cyclic },
      'NOT_JSON',
      'a cycle: the value contains itself (at out.self',
    ],
  ])('%s', async (_, value, code, message) => {
    for (const result of [() => value, () => Promise.resolve(value), () => success(value)]) {
      const { node, dependent } = await setup(result);
      expect(node).toMatchObject({ status: 'failed', attempts: 1, outputs: null, error: { code } });
      expect(node.error?.message).toContain(message);
      expect(dependent.status).toBe('skipped');
    }
  });

  it.each([
    ['metadata that is not JSON', () => success({ out: 1 }, { at: new Date(0) as never })],
    [
      'an object whose getter throws',
      () => ({
        get out(): never {
          throw new Error('no');
        },
      }),
    ],
    [
      'an object whose `then` throws when it is read',
      () => ({
        get then(): never {
          throw new Error('no');
        },
      }),
    ],
    [
      'a thenable that throws',
      () => ({
        then() {
          throw new Error('no');
        },
      }),
    ],
  ])('%s', async (_, execute) => {
    expect((await setup(execute)).node).toMatchObject({ status: 'failed', outputs: null });
  });

  it.each([
    ['an error without a message', Object.assign(new Error('x'), { message: undefined })],
    [
      'an error whose name throws',
      Object.defineProperty(new Error('x'), 'name', {
        get() {
          throw new Error('no');
        },
      }),
    ],
  ])('throwing %s fails the node, not the run', async (_, thrown) => {
    const { node } = await setup(() => {
      throw thrown;
    });
    expect(node.status).toBe('failed');
  });
});

describe('outputs', () => {
  it('are frozen in depth before anybody reads them', async () => {
    const rows = [{ price: 1 }];
    const { seen } = await setup(() => ({ out: rows }));
    const [inputs] = seen as [{ out: typeof rows }];
    expect(inputs).toEqual({ out: [{ price: 1 }] });
    expect(Object.isFrozen(inputs)).toBe(true);
    expect(Object.isFrozen(inputs.out[0])).toBe(true);
  });

  it('cannot be changed by a dependent', async () => {
    const registry = new ActionRegistry([
      { name: 'make', execute: () => ({ rows: [{ price: 1 }] }) },
      {
        name: 'spoil',
        execute: ({ inputs }) => {
          (inputs as { rows: { price: number }[] }).rows.push({ price: 2 });
        },
      },
    ]);
    const executor = await DagExecutor.open({ registry, config: { onFailure: 'continue' } });
    executor.add({
      name: 'g',
      nodes: [
        { id: 'a', action: 'make' },
        {
          id: 'b',
          action: 'spoil',
          tryCount: 1,
          dependencies: ['a'],
          inputs: [{ name: 'rows', reference: 'a.rows' }],
        },
      ],
    });
    const report = await executor.run('g');
    expect(report.nodes['a']?.outputs).toEqual({ rows: [{ price: 1 }] });
    expect(report.nodes['b']?.error?.name).toBe('TypeError');
  });

  it('may have any key', async () => {
    const { node } = await setup(() => JSON.parse('{"__proto__": 1, "constructor": 2, "": 3}'));
    expect(Object.entries(node.outputs ?? {})).toEqual([
      ['__proto__', 1],
      ['constructor', 2],
      ['', 3],
    ]);
  });
});
