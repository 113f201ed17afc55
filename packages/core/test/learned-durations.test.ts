import { describe, expect, it, onTestFinished } from 'vitest';
import { ActionRegistry } from '../src/actions/registry.ts';
import { DEFAULT_CONFIG } from '../src/config/merge.ts';
import { StartOrder } from '../src/coordinator/start-order.ts';
import { learn } from '../src/executor/learning.ts';
import { defineGraph, Graph } from '../src/graph/graph.ts';
import type { EventHook } from '../src/hooks/hook.ts';
import { RunState } from '../src/run/state.ts';
import { RunStore } from '../src/storage/run-store.ts';
import type { Storage } from '../src/storage/storage.ts';
import { sqlite } from '../../adapters/sqlite/src/index.ts';
import { ManualClock } from './clock.ts';
import { timedRun, type TimedNode } from './timed-run.ts';

const node = (id: string, seconds: number, parts: Partial<TimedNode> = {}): TimedNode => ({
  id,
  seconds,
  ...parts,
});

/** What everything waits for is defined last. */
const NODES = [
  node('s1', 2),
  node('s2', 3),
  node('s3', 4),
  node('long', 8),
  node('end', 8, { dependencies: ['long'] }),
];
const given = NODES.map((of): TimedNode => ({ ...of, duration: of.seconds }));
const BY_PATH = ['long', 's3', 's2', 's1', 'end'];
const BY_DEFINITION = ['s1', 's2', 's3', 'long', 'end'];

const setup = () => {
  const storage: Storage = sqlite(':memory:');
  onTestFinished(async () => storage.close());
  return {
    storage,
    rows: async () => storage.db.selectFrom('dagger_durations').selectAll().execute(),
    learned: async (): Promise<unknown> => {
      const { body } = await storage.db
        .selectFrom('dagger_durations')
        .select('body')
        .executeTakeFirstOrThrow();
      return (JSON.parse(body) as { readonly seconds: unknown }).seconds;
    },
  };
};

describe('a later run of a graph', () => {
  it('is as short as one whose durations are given', async () => {
    const { storage } = setup();
    const first = await timedRun(NODES, { slots: 2, storage });
    const second = await timedRun(NODES, { slots: 2, storage });
    const known = await timedRun(given, { slots: 2 });
    expect(first.starts).toEqual(BY_DEFINITION);
    expect(second.starts).toEqual(BY_PATH);
    expect(second.makespan).toBe(known.makespan);
    expect(second.makespan).toBeLessThan(first.makespan);
  });

  it('takes what is given before what was learned', async () => {
    const { storage } = setup();
    await timedRun(NODES, { slots: 2, storage });
    const told = NODES.map((of) => (of.id === 's1' ? { ...of, duration: 100 } : of));
    expect((await timedRun(told, { slots: 2, storage })).starts.slice(0, 2)).toEqual([
      's1',
      'long',
    ]);
  });

  it('knows it too when it is resumed', async () => {
    const { storage } = setup();
    let broken = false;
    const flaky = {
      name: 'flaky',
      execute: () => {
        if (broken) throw new Error('broken');
      },
    };
    const nodes = [...NODES, node('flaky', 0, { action: 'flaky', duration: 100 })];
    const setting = { slots: 2, storage, actions: [flaky], config: { maxAttempts: 1 } };
    await timedRun(nodes, setting);
    broken = true;
    const paused = await timedRun(nodes, { ...setting, runId: 'r' });
    expect([paused.report.status, ...paused.starts]).toEqual(['paused', 'long']);
    broken = false;
    const { starts } = await timedRun(nodes, { ...setting, runId: 'r' });
    expect(starts).toEqual(['end', 's3', 's2', 's1']);
  });

  it('does without where what was kept cannot be read', async () => {
    const { storage } = setup();
    await timedRun(NODES, { slots: 2, storage });
    await storage.db.updateTable('dagger_durations').set({ body: '{"sec' }).execute();
    const { report, starts } = await timedRun(NODES, { slots: 2, storage });
    expect(report.status).toBe('succeeded');
    expect(starts).toEqual(BY_DEFINITION);
  });

  it('does without where there is no table of durations', async () => {
    const { storage } = setup();
    await timedRun(NODES, { slots: 2, storage });
    await storage.db.schema.dropTable('dagger_durations').execute();
    const { report, starts } = await timedRun(NODES, { slots: 2, storage });
    expect(report.status).toBe('succeeded');
    expect(starts).toEqual(BY_DEFINITION);
  });

  it('knows nodes that earlier runs grew', async () => {
    const { storage } = setup();
    const growth: EventHook = {
      onStart: () => [
        { type: 'AddNode', spec: { id: 'g1', action: 'work' } },
        { type: 'AddNode', spec: { id: 'g2', action: 'work' } },
        { type: 'AddNode', spec: { id: 'g3', action: 'work' } },
      ],
    };
    const setting = { slots: 2, storage, hooks: [growth], grown: { g1: 1, g2: 2, g3: 3 } };
    await timedRun([node('a', 1)], setting);
    const { starts } = await timedRun([node('a', 1)], setting);
    expect(starts).toEqual(['g3', 'g2', 'a', 'g1']);
  });
});

describe('a run teaches later ones', () => {
  it('how long the successful attempt of each node took', async () => {
    const { storage, learned } = setup();
    let tries = 0;
    const flaky = {
      name: 'flaky',
      execute: () => {
        if (tries++ === 0) throw new Error('not yet');
      },
    };
    const nodes = [...NODES, node('twice', 0, { action: 'flaky' })];
    await timedRun(nodes, { slots: 2, storage, actions: [flaky] });
    expect(await learned()).toEqual({ s1: 2, s2: 3, s3: 4, long: 8, end: 8, twice: 0 });
  });

  it('nothing of nodes whose durations are given', async () => {
    const { storage, learned } = setup();
    const told = NODES.map((of) => (of.id === 's1' ? { ...of, duration: 1 } : of));
    await timedRun(told, { slots: 2, storage });
    expect(await learned()).toEqual({ s2: 3, s3: 4, long: 8, end: 8 });
  });

  it('nothing of nodes that used the result of an earlier run', async () => {
    const { storage, learned } = setup();
    const cached = NODES.map((of): TimedNode => ({ ...of, cacheStrategy: { custom: of.id } }));
    await timedRun(cached.slice(0, 1), { slots: 2, storage });
    await timedRun(cached, { slots: 2, storage });
    expect(await learned()).toEqual({ s2: 3, s3: 4, long: 8, end: 8 });
  });

  it.each([
    ['there was a slot for every node at any time', { slots: 4 }, NODES],
    ['one node ran at a time', { slots: 1 }, NODES],
    ['it keeps the order of definition', { slots: 2, config: { nodeOrder: 'definition' } }, NODES],
    ['no node took ten milliseconds', { slots: 2 }, NODES.map((of) => ({ ...of, seconds: 0.009 }))],
    [
      'it failed',
      { slots: 2, config: { maxAttempts: 1, onFailure: 'continue' } },
      [...NODES, node('bad', 1, { action: 'bad' })],
    ],
  ] as const)('nothing where %s', async (_, setting, nodes) => {
    const { storage, rows } = setup();
    const bad = {
      name: 'bad',
      execute: () => {
        throw new Error('bad');
      },
    };
    await timedRun(nodes, { ...setting, storage, actions: [bad] });
    expect(await rows()).toEqual([]);
  });
});

it.each([
  ['as many as are kept', 20_000, 1],
  ['more than are kept', 20_001, 0],
])('a graph with %s (%i nodes) leaves so many rows: %i', async (_, count, kept) => {
  const { storage, rows } = setup();
  const store = await RunStore.open(storage, new ManualClock());
  const nodes = Array.from({ length: count }, (__, i) => ({ id: `n${i}`, action: 'work' }));
  const topology = Graph.topologyOf(defineGraph({ name: 'g', nodes }));
  const state = new RunState(topology, DEFAULT_CONFIG);
  state.apply({ type: 'RunStarted', at: 1, hooked: false });
  for (let n = 0; n < count; n++) state.apply({ type: 'NodeStarted', n, at: 1_000 });
  for (let n = 0; n < count; n++) state.apply({ type: 'NodeCompleted', n, at: 2_000, outputs: {} });
  const order = new StartOrder({
    state,
    registry: new ActionRegistry(),
    defined: count,
    byPath: true,
    learned: () => new Map(),
  });
  order.contend();
  await learn(store, 'g', state, order);
  expect(await rows()).toHaveLength(kept);
});
