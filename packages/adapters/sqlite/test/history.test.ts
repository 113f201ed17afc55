import {
  ActionRegistry,
  DagExecutor,
  defineAction,
  systemClock,
  type EventHook,
  type JsonObject,
} from '@dagger/core';
import { describe, expect, it } from 'vitest';
import { sqlite } from '../src/index.ts';
import { file } from './place.ts';

const setup = async (place = file()) => {
  const log: string[] = [];
  let broken = true;
  const registry = new ActionRegistry([
    defineAction({
      name: 'sum',
      execute({ nodeId, inputs, cache }) {
        log.push(nodeId);
        cache.appendGlobal('all', 'ran', nodeId);
        const values = Object.values(inputs as JsonObject).map(Number);
        return { value: values.reduce((total, value) => total + value, 1) };
      },
    }),
    defineAction({
      name: 'flaky',
      execute({ nodeId }) {
        log.push(nodeId);
        if (broken) throw new Error('broken');
      },
    }),
  ]);
  const executor = await DagExecutor.open({
    registry,
    storage: sqlite(place),
    config: { retryStrategy: 'immediate', maxAttempts: 1, onFailure: 'continue' },
  });
  executor.add({
    name: 'g',
    nodes: [
      { id: 'a', action: 'sum', inputs: [{ name: 'x', reference: 'inputs.x' }] },
      {
        id: 'b',
        action: 'sum',
        dependencies: ['a'],
        inputs: [{ name: 'a', reference: 'a.value' }],
      },
      {
        id: 'c',
        action: 'sum',
        dependencies: ['b'],
        inputs: [{ name: 'b', reference: 'b.value' }],
      },
      { id: 'aside', action: 'sum' },
    ],
  });
  return { executor, log, place, mend: () => (broken = false) };
};

/** Adds a child for every node but children; children of children are added by an event too. */
const breeder: EventHook = {
  name: 'breeder',
  events: ['NodeCompleted'],
  handle: (_, event) =>
    event.type === 'NodeCompleted' && event.nodeId.length === 1
      ? [
          {
            type: 'AddNode',
            spec: { id: `${event.nodeId}_child`, action: 'sum', deps: [event.nodeId] },
          },
        ]
      : [],
};

describe('a fork', () => {
  it('runs a node and what is downstream of it anew, and keeps the rest', async () => {
    const { executor, log } = await setup();
    await executor.run('g', { runId: 'first', inputs: { x: 1 } });
    log.length = 0;
    const report = await executor.rerun('first', 'b');
    expect(log).toEqual(['b', 'c']);
    expect(report.status).toBe('succeeded');
    expect(report.nodes['c']?.outputs).toEqual({ value: 4 });
    expect(report.nodes['a']?.outputs).toEqual({ value: 2 });
    const again = await executor.report(report.runId);
    expect(again.toJSON()).toEqual(report.toJSON());
    await executor.close();
  });

  it('may have other inputs, of the run or of the node', async () => {
    const { executor } = await setup();
    await executor.run('g', { runId: 'first', inputs: { x: 1 } });
    const run = await executor.fork('first', { from: 'a', inputs: { x: 10 }, runId: 'second' });
    expect(run.nodes['c']?.outputs).toEqual({ value: 13 });
    const node = await executor.fork('first', { from: 'b', nodeInputs: { a: 100 } });
    expect(node.nodes['c']?.outputs).toEqual({ value: 102 });
    expect((await executor.report('first')).nodes['c']?.outputs).toEqual({ value: 4 });
    expect((await executor.listRuns()).find(({ runId }) => runId === 'second')?.parent).toEqual({
      runId: 'first',
      nodes: 'a',
    });
    await executor.close();
  });

  it('drops what the nodes that run anew wrote to shared values', async () => {
    const { executor } = await setup();
    await executor.run('g', { runId: 'first', inputs: { x: 1 } });
    const { runId } = await executor.rerun('first', 'b');
    const ran = (await executor.loadCache(runId)).getGlobal<string[]>('all', 'ran') ?? [];
    expect(ran.toSorted()).toEqual(['a', 'aside', 'b', 'c']);
    await executor.close();
  });

  it('of a graph that grew lets the hooks grow anew what came of the nodes that run anew', async () => {
    const { executor, log } = await setup();
    await executor.run('g', { runId: 'first', inputs: { x: 1 }, hooks: [breeder] });
    log.length = 0;
    const report = await executor.fork('first', { from: 'b' }, { hooks: [breeder] });
    expect(log.toSorted()).toEqual(['b', 'b_child', 'c', 'c_child']);
    expect(report.counts).toMatchObject({ total: 7, succeeded: 7 });
    expect(report.rejectedCommands).toEqual([]);
    const deeper = await executor.fork(report.runId, { from: 'c' }, { hooks: [breeder] });
    expect(deeper.counts).toMatchObject({ total: 7, succeeded: 7 });
    await executor.close();
  });

  it('without the hooks has none of what they grew from the nodes that run anew', async () => {
    const { executor } = await setup();
    await executor.run('g', { runId: 'first', inputs: { x: 1 }, hooks: [breeder] });
    const report = await executor.rerun('first', 'b');
    expect(Object.keys(report.nodes).toSorted()).toEqual(['a', 'a_child', 'aside', 'b', 'c']);
    await executor.close();
  });

  it('begins in another process as in this one', async () => {
    const { executor, place } = await setup();
    await executor.run('g', { runId: 'first', inputs: { x: 1 } });
    await executor.close();
    const second = await setup(place);
    expect((await second.executor.rerun('first', 'c')).status).toBe('succeeded');
    expect(second.log).toEqual(['c']);
    await second.executor.close();
  });

  it('of an unknown node, of no node, or with an id that is taken is refused', async () => {
    const { executor } = await setup();
    await executor.run('g', { runId: 'first', inputs: { x: 1 } });
    await expect(executor.rerun('first', 'nobody')).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: "run 'first' has no node 'nobody'",
    });
    await expect(executor.fork('first', { from: [] })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
    await expect(executor.fork('first', { from: 'a', runId: 'first' })).rejects.toMatchObject({
      code: 'RUN_CONFLICT',
    });
    await expect(executor.rerun('nothing', 'a')).rejects.toMatchObject({ code: 'RUN_UNKNOWN' });
    await executor.close();
  });

  it('does again what it begins with, whatever results of earlier runs there are', async () => {
    const { executor, log, mend } = await setup();
    mend();
    const node = { action: 'flaky', cacheStrategy: 'always' } as const;
    const nodes = [
      { ...node, id: 'a', inputs: [{ name: 'of', value: 'a' }] },
      { ...node, id: 'b', inputs: [{ name: 'of', value: 'b' }], dependencies: ['a'] },
    ];
    executor.add({ name: 'memo', nodes });
    await executor.run('memo', { runId: 'first' });
    await executor.run('memo');
    expect(log).toEqual(['a', 'b']);
    const report = await executor.rerun('first', 'a');
    expect(log).toEqual(['a', 'b', 'a']);
    expect(report.nodes).toMatchObject({ a: { cached: false }, b: { cached: true } });
    const { reasons } = await executor.explain(report.runId, 'a');
    expect(reasons.find(({ kind }) => kind === 'cache')?.text).toContain('made to do it again');
    await executor.close();
  });

  it('begins when it is made, not when the run began that it is made out of', async () => {
    let later = 0;
    const clock = { ...systemClock, now: () => systemClock.now() + later };
    const registry = new ActionRegistry();
    registry.registerFn('step', () => ({}));
    const storage = sqlite(file());
    const executor = await DagExecutor.open({ registry, storage, clock });
    executor.add({ name: 'g', nodes: [{ id: 'a', action: 'step' }] });
    const first = await executor.run('g', { runId: 'first' });
    later = 86_400_000;
    const fork = await executor.rerun('first', 'a');
    expect(Date.parse(fork.startedAt)).toBeGreaterThanOrEqual(Date.parse(first.startedAt) + later);
    await executor.close();
  });

  it('that could not run is refused, and leaves nothing behind', async () => {
    const { executor, place } = await setup();
    await executor.run('g', { runId: 'first' });
    const bare = await DagExecutor.open({ registry: new ActionRegistry(), storage: sqlite(place) });
    await expect(bare.rerun('first', 'b')).rejects.toMatchObject({ code: 'GRAPH_INVALID' });
    expect(await bare.listRuns()).toMatchObject([{ runId: 'first', parent: null }]);
    expect(await bare.listRuns({ runId: 'first' })).toHaveLength(1);
    expect(await bare.listRuns({ runId: 'second' })).toEqual([]);
    await bare.close();
    await executor.close();
  });

  it('needs storage', async () => {
    const executor = await DagExecutor.open({ registry: new ActionRegistry() });
    await expect(executor.rerun('r', 'a')).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: 'a fork needs storage, and this executor has none',
    });
  });
});

describe('a snapshot', () => {
  it('is where recovery goes on: what came before it is not read', async () => {
    const place = file();
    const { executor } = await setup(place);
    const before = await executor.run('g', { runId: 'r', inputs: { x: 1 }, hooks: [breeder] });
    expect(await executor.saveSnapshot('r')).toMatchObject({ bytes: expect.any(Number) as number });
    await executor.close();
    const storage = sqlite(place);
    await storage.db.deleteFrom('dagger_journal').execute();
    const registry = new ActionRegistry();
    const reader = await DagExecutor.open({ registry, storage });
    expect((await reader.report('r')).toJSON()).toEqual(before.toJSON());
    expect((await reader.runGraph('r')).nodes).toHaveLength(7);
    expect(await reader.executionState('r')).toMatchObject({ active: [], pending: [] });
    await reader.close();
  });

  it('that cannot be read is passed over: the journal tells everything [P75]', async () => {
    const place = file();
    const { executor } = await setup(place);
    const before = await executor.run('g', { runId: 'r', inputs: { x: 1 } });
    await executor.saveSnapshot('r');
    await executor.close();
    const storage = sqlite(place);
    await storage.db
      .updateTable('dagger_snapshots')
      .set({ body: Buffer.from('nonsense') })
      .execute();
    const reader = await DagExecutor.open({ registry: new ActionRegistry(), storage });
    expect((await reader.report('r')).toJSON()).toEqual(before.toJSON());
    await reader.close();
  });

  it('is taken by itself while a long run is under way, and the run can be resumed from it [P76]', async () => {
    const place = file();
    const { executor } = await setup(place);
    let time = 1_000;
    const nodes = Array.from({ length: 8_000 }, (_, i) => ({
      id: `n${i}`,
      action: 'sum',
      dependencies: i < 50 ? [] : [`n${i - 50}`],
    }));
    await executor.close();
    const clock = { now: () => (time += 1_000), after: () => () => {} };
    const open = async () =>
      DagExecutor.open({
        registry: new ActionRegistry([defineAction({ name: 'sum', execute: () => ({ v: 1 }) })]),
        storage: sqlite(place),
        clock,
        config: { cacheSnapshotInterval: 1, timeoutSeconds: 86_400 },
      });
    const first = await open();
    const graph = first.add({ name: 'long', nodes });
    const handle = await first.start(graph, { runId: 'long' });
    let done = 0;
    for await (const event of handle.events)
      if (event.type === 'NodeCompleted' && ++done === 7_000) break;
    await first.close();
    const storage = sqlite(place);
    const saved = await storage.db.selectFrom('dagger_snapshots').select('seq').execute();
    expect(saved).toHaveLength(1);
    await storage.close();
    const second = await open();
    const report = await second.resume('long');
    expect(report.counts).toMatchObject({ total: 8_000, succeeded: 8_000 });
    await second.close();
  });
});

it('a dump tells everything that is stored of a run', async () => {
  const { executor } = await setup();
  await executor.run('g', { runId: 'r', inputs: { x: 1 } });
  const { run, events, definition } = await executor.dump('r');
  expect(run).toMatchObject({ id: 'r', dag: 'g', status: 'succeeded', error: null });
  expect(run).toMatchObject({ cache: { nodes: {} }, config: { maxAttempts: 1 } });
  expect(run).toMatchObject({ counts: { succeeded: 4 } });
  expect(events.map(({ type }) => type)).toContain('NodeCompleted');
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, i) => i + 1));
  expect(definition).toMatchObject({ name: 'g' });
  await executor.close();
});
