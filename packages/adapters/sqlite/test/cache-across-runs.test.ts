import {
  ActionRegistry,
  DagExecutor,
  type ActionContext,
  type CacheStrategy,
  type JsonObject,
  type RunReport,
} from '@dagger/core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { sqlite } from '../src/index.ts';
import { file } from './place.ts';

interface Ask {
  readonly strategy?: CacheStrategy;
  readonly inputs?: JsonObject;
  readonly action?: string;
}

/** Runs one cached node per call, each call on a new executor of one file (or on one executor without storage). */
const setup = async (
  storage: 'file' | 'memory',
): Promise<{
  readonly ran: unknown[];
  readonly world: { now: number; version: string; broken: boolean };
  readonly ask: (ask?: Ask) => Promise<RunReport>;
}> => {
  const place = file();
  const ran: unknown[] = [];
  const world = { now: Date.UTC(2026, 0, 1), version: '1', broken: false };
  const execute = ({ inputs, cache }: ActionContext): JsonObject => {
    ran.push(inputs);
    if (world.broken) throw new Error('broken');
    cache.insert('own', ran.length);
    return { n: ran.length };
  };
  const registry = (): ActionRegistry =>
    new ActionRegistry([
      {
        name: 'act',
        get version() {
          return world.version;
        },
        execute,
      },
      { name: 'other', execute },
      { name: 'read', execute: ({ inputs }: ActionContext) => ({ got: inputs['n'] ?? null }) },
    ]);
  const clock = { now: () => world.now, after: () => () => {} };
  const open = async (): Promise<DagExecutor> => {
    const executor = await DagExecutor.open({
      registry: registry(),
      clock,
      config: { maxAttempts: 1, onFailure: 'continue' },
      ...(storage === 'file' ? { storage: sqlite(place) } : {}),
    });
    onTestFinished(async () => executor.close());
    return executor;
  };
  const kept = await open();
  const ask = async ({
    strategy = 'always',
    inputs = { x: 1 },
    action = 'act',
  }: Ask = {}): Promise<RunReport> => {
    const executor = storage === 'file' ? await open() : kept;
    executor.add(
      {
        name: 'g',
        nodes: [
          {
            id: 'a',
            action,
            cacheStrategy: strategy,
            inputs: Object.entries(inputs).map(([name, value]) => ({ name, value: value ?? null })),
          },
          {
            id: 'b',
            action: 'read',
            dependencies: ['a'],
            inputs: [{ name: 'n', reference: 'a.n' }],
          },
        ],
      },
      { replace: true },
    );
    return executor.run('g');
  };
  return { ran, world, ask };
};

describe.each(['file', 'memory'] as const)('results of earlier runs (%s)', (storage) => {
  it('with strategy always are taken in place of running the action, and are counted', async () => {
    const { ran, ask } = await setup(storage);
    const first = await ask();
    const second = await ask();
    expect(ran).toHaveLength(1);
    expect(first.metrics).toMatchObject({ cacheHits: 0, cacheHitRate: 0 });
    expect(second.metrics).toMatchObject({ cacheHits: 1, cacheHitRate: 1 });
    expect(second.nodes['a']).toMatchObject({
      status: 'succeeded',
      cached: true,
      attempts: 0,
      outputs: { n: 1, own: 1 },
    });
    expect(second.nodes['b']?.outputs).toEqual({ got: 1 });
  });

  it('with strategy never, or none, are not', async () => {
    const { ran, ask } = await setup(storage);
    for (let i = 0; i < 2; i++)
      expect((await ask({ strategy: 'never' })).metrics.cacheHitRate).toBeNull();
    expect(ran).toHaveLength(2);
  });

  it('count for the same inputs only, however their keys are ordered', async () => {
    const { ran, ask } = await setup(storage);
    await ask({ inputs: { x: 1, y: { a: [1], b: 2 } } });
    await ask({ inputs: { y: { b: 2, a: [1] }, x: 1 } });
    expect(ran).toHaveLength(1);
    await ask({ inputs: { x: 1, y: { a: [1], b: '2' } } });
    await ask({ inputs: { x: 1 } });
    expect(ran).toHaveLength(3);
  });

  it('count for the same action and version only', async () => {
    const { ran, world, ask } = await setup(storage);
    await ask();
    await ask({ action: 'other' });
    world.version = '2';
    await ask();
    await ask();
    world.version = '1';
    await ask();
    expect(ran).toHaveLength(3);
  });

  it('with a ttl count while they are young enough', async () => {
    const { ran, world, ask } = await setup(storage);
    await ask({ strategy: { ttl: 60 } });
    world.now += 60_000;
    await ask({ strategy: { ttl: 60 } });
    expect(ran).toHaveLength(1);
    world.now += 1;
    await ask({ strategy: { ttl: 60 } });
    expect(ran).toHaveLength(2);
    world.now += 59_000;
    await ask({ strategy: { ttl: 60 } });
    expect(ran).toHaveLength(2);
  });

  it('with a key of its own count for that key, whatever the inputs', async () => {
    const { ran, ask } = await setup(storage);
    await ask({ strategy: { custom: 'daily' }, inputs: { x: 1 } });
    await ask({ strategy: { custom: 'daily' }, inputs: { x: 2 } });
    expect(ran).toHaveLength(1);
    await ask({ strategy: { custom: 'hourly' }, inputs: { x: 2 } });
    await ask({ strategy: 'always', inputs: { x: 2 } });
    expect(ran).toHaveLength(3);
  });

  it('are never those of a failure [P19]', async () => {
    const { ran, world, ask } = await setup(storage);
    world.broken = true;
    await ask();
    world.broken = false;
    expect((await ask()).nodes['a']).toMatchObject({ status: 'succeeded', cached: false });
    expect(ran).toHaveLength(2);
  });
});
