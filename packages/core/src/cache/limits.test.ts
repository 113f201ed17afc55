import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ActionRegistry } from '../actions/registry.ts';
import { DagExecutor } from '../executor/executor.ts';
import type { NodeDefinition } from '../graph/model.ts';
import type { RunReport } from '../run/report.ts';
import { Cache } from './cache.ts';
import type { CacheLimits } from './limits.ts';

const keys = (cache: Cache): string[] => [...cache].map(({ space, key }) => `${space}.${key}`);

describe('a cache with a limit', () => {
  it('of entries drops the least recently used', () => {
    const cache = new Cache({ maxEntries: 3 });
    for (const key of ['a', 'b', 'c']) cache.insert('n', key, key);
    cache.get('n', 'a');
    cache.insertGlobal('g', 'd', 'd');
    expect(keys(cache)).toEqual(['n.a', 'n.c', 'g.d']);
    expect(cache.get('n', 'b')).toBeUndefined();
    cache.insert('n', 'c', 'again');
    expect(cache.size).toBe(3);
  });

  it('of bytes drops as many as it must', () => {
    const cache = new Cache({ maxBytes: 100 });
    for (const key of ['a', 'b', 'c', 'd']) cache.insert('n', key, 'x'.repeat(30));
    expect(keys(cache)).toEqual(['n.b', 'n.c', 'n.d']);
    cache.insert('n', 'big', 'x'.repeat(70));
    expect(keys(cache)).toEqual(['n.big']);
  });

  it.each<[string, CacheLimits]>([
    ['no entries', { maxEntries: 0 }],
    ['fewer bytes than none', { maxBytes: -1 }],
    ['a time that is no number', { ttlSeconds: NaN }],
    ['half an entry', { maxEntries: 1.5 }],
    ['endlessly many entries', { maxEntries: Infinity }],
  ])('of %s is refused, naming it', (_, limits) => {
    const [name] = Object.keys(limits);
    expect(() => new Cache(limits)).toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        message: expect.stringContaining(name as string),
      }),
    );
  });

  it('that is none at all holds everything', () => {
    const cache = new Cache({});
    for (let i = 0; i < 100; i++) cache.insert('n', `k${i}`, i);
    expect(cache.size).toBe(100);
  });
});

describe('a cache with a time to live', () => {
  beforeEach(
    () => void vi.useFakeTimers({ toFake: ['performance', 'Date', 'setTimeout', 'clearTimeout'] }),
  );
  afterEach(() => void vi.useRealTimers());

  it('gives a value until its time is up, and not once more', () => {
    const cache = new Cache({ ttlSeconds: 10 });
    cache.insert('n', 'k', 1);
    cache.insertGlobal('g', 'k', 2);
    vi.advanceTimersByTime(9_000);
    expect([cache.get('n', 'k'), cache.getGlobal('g', 'k')]).toEqual([1, 2]);
    vi.advanceTimersByTime(2_000);
    expect([cache.get('n', 'k'), cache.getGlobal('g', 'k')]).toEqual([undefined, undefined]);
  });

  it('has nothing left when the time is up', () => {
    const cache = new Cache({ ttlSeconds: 10 });
    cache.insert('n', 'k', 1);
    vi.advanceTimersByTime(11_000);
    expect([cache.has('n', 'k'), cache.contains('n'), cache.outputsOf('n'), cache.size]).toEqual([
      false,
      false,
      undefined,
      0,
    ]);
  });
});

/** Runs a graph whose cache may hold one entry; `make` gives the outputs x and y, `show` notes its inputs. */
const setup = async (
  nodes: readonly NodeDefinition[],
  inputs = {},
): Promise<{ readonly report: RunReport; readonly seen: unknown[] }> => {
  const seen: unknown[] = [];
  const registry = new ActionRegistry([
    { name: 'make', execute: ({ nodeId }) => ({ x: `${nodeId}.x`, y: `${nodeId}.y` }) },
    { name: 'show', execute: ({ inputs: given }) => void seen.push(given) },
  ]);
  const executor = await DagExecutor.open({
    registry,
    cacheLimits: { maxEntries: 1 },
    config: { maxAttempts: 1, maxParallelNodes: 1, onFailure: 'continue' },
  });
  executor.add({ name: 'g', nodes });
  return { report: await executor.run('g', { inputs }), seen };
};

const reads = (
  id: string,
  dependencies: readonly string[],
  ...references: string[]
): NodeDefinition => ({
  id,
  action: 'show',
  dependencies,
  inputs: references.map((reference, i) => ({ name: `i${i}`, reference })),
});

describe('what a run still needs is never dropped', () => {
  it('the outputs of a node, while a dependent has not run', async () => {
    const { report, seen } = await setup([
      { id: 'a', action: 'make' },
      { id: 'b', action: 'make' },
      { id: 'c', action: 'make' },
      reads('d', ['a', 'b', 'c'], 'a.x', 'a.y', 'b.x', 'c.y'),
    ]);
    expect(report.error).toBeNull();
    expect(seen).toEqual([{ i0: 'a.x', i1: 'a.y', i2: 'b.x', i3: 'c.y' }]);
  });

  it('the outputs of a node that a later descendant reads', async () => {
    const { report, seen } = await setup([
      { id: 'a', action: 'make' },
      reads('b', ['a']),
      reads('c', ['b']),
      reads('d', ['c'], 'a.x'),
    ]);
    expect(report.error).toBeNull();
    expect(seen.at(-1)).toEqual({ i0: 'a.x' });
  });

  it('the inputs of the run', async () => {
    const { report, seen } = await setup(
      [{ id: 'a', action: 'make' }, reads('b', ['a'], 'inputs.one', 'inputs.two')],
      { one: 1, two: 2 },
    );
    expect(report.error).toBeNull();
    expect(seen).toEqual([{ i0: 1, i1: 2 }]);
  });

  it('what a condition reads', async () => {
    const { report, seen } = await setup([
      { id: 'a', action: 'make' },
      { ...reads('b', ['a']), when: "outputs.a.x == 'a.x' && outputs.a.y == 'a.y'" },
    ]);
    expect(report.error).toBeNull();
    expect(seen).toHaveLength(1);
  });
});
