import {
  ActionRegistry,
  DagExecutor,
  type DagConfigInput,
  type EventHook,
  type GraphDefinition,
} from '@dagger/core';
import { describe, expect, it } from 'vitest';
import { sqlite } from '../src/index.ts';
import { file } from './place.ts';

type Actions = Parameters<ActionRegistry['registerFn']>[1];

const open = async (
  actions: Readonly<Record<string, Actions>>,
  nodes: GraphDefinition['nodes'],
  { config, place }: { readonly config?: DagConfigInput; readonly place?: string } = {},
): Promise<DagExecutor> => {
  const registry = new ActionRegistry();
  for (const [name, execute] of Object.entries(actions)) registry.registerFn(name, execute);
  const storage = place === undefined ? undefined : sqlite(place);
  const executor = await DagExecutor.open({
    registry,
    config: { onFailure: 'continue', maxAttempts: 1, gracePeriod: 0, ...config },
    ...(storage === undefined ? {} : { storage }),
  });
  executor.add({ name: 'g', nodes });
  return executor;
};
const bad = (): never => {
  throw new Error('bad');
};
const never = (): Promise<void> => new Promise(() => {});

describe('a run that is told to stop', () => {
  it('by a hook that fails after a failure halted it ends all the same', async () => {
    const executor = await open(
      { bad, never },
      [
        { id: 'b', action: 'never' },
        { id: 'a', action: 'bad' },
      ],
      { config: { onFailure: 'stop' } },
    );
    const hook: EventHook = {
      handle(_ctx, event) {
        if (event.type === 'NodeFailed') throw new Error('a mistake');
      },
    };
    const report = await executor.run('g', { hooks: [hook] });
    expect(report.status).toBe('failed');
    expect(report.nodes['b']?.status).toBe('cancelled');
  });

  it('starts no failure handler any more, and runs it when the run is resumed [P15]', async () => {
    let handled = 0;
    const release: (() => void)[] = [];
    const executor = await open(
      {
        bad,
        slow: () => new Promise<void>((resolve) => release.push(resolve)),
        handle: () => void handled++,
      },
      [
        { id: 'a', action: 'bad', failure: 'handle' },
        { id: 'b', action: 'slow' },
      ],
      { config: { maxParallelNodes: 1 } },
    );
    const run = await executor.start('g');
    run.events.subscribe((event) => {
      if (event.type === 'NodeStarted' && event.nodeId === 'b') run.cancel();
    });
    expect((await run.done).status).toBe('cancelled');
    const before = handled;
    const again = await executor.startResume(run.runId);
    again.events.subscribe((event) => {
      if (event.type === 'NodeStarted' && event.nodeId === 'b')
        setImmediate(() => release.at(-1)?.());
    });
    expect((await again.done).status).toBe('failed');
    expect([before, handled]).toEqual([0, 1]);
  });
});

describe('results for later runs', () => {
  it('are looked up and kept for the inputs that the node really had', async () => {
    const executor = await open({ echo: ({ inputs }) => ({ got: inputs['x'] }) }, [
      { id: 'a', action: 'echo', cacheStrategy: 'always', inputs: [{ name: 'x', value: 1 }] },
    ]);
    const run = await executor.start('g');
    const sent = new Promise<void>((resolve, reject) => {
      run.events.subscribe((event) => {
        if (event.type === 'RunStarted')
          run.send({ type: 'SetNodeInputs', nodeId: 'a', inputs: { x: 2 } }).then(resolve, reject);
      });
    });
    await sent;
    expect((await run.done).nodes['a']?.outputs).toEqual({ got: 2 });
    expect((await executor.run('g')).nodes['a']).toMatchObject({
      outputs: { got: 1 },
      cached: false,
    });
  });

  it('leave out a node that wrote shared values, which a hit could not repeat', async () => {
    const executor = await open(
      {
        write: ({ cache }) => cache.insertGlobal('shared', 'x', 1),
        read: ({ cache }) => ({ x: cache.getGlobal('shared', 'x') ?? 'absent' }),
      },
      [
        { id: 'w', action: 'write', cacheStrategy: 'always' },
        { id: 'r', action: 'read', dependencies: ['w'] },
      ],
    );
    await executor.run('g');
    expect((await executor.run('g')).nodes['r']?.outputs).toEqual({ x: 1 });
  });
});

describe('commands of a hook', () => {
  it('that fails on a later event apply once, also when the run is resumed', async () => {
    let broken = true;
    const hook: EventHook = {
      events: ['NodeCompleted'],
      handle(_ctx, event) {
        if (event.type !== 'NodeCompleted') return [];
        if (event.nodeId === 'a') return [{ type: 'AddNode', spec: { action: 'ok' } }];
        if (event.nodeId === 'b' && broken) throw new Error('a mistake');
        return [];
      },
    };
    const executor = await open(
      { ok: () => {} },
      [
        { id: 'a', action: 'ok' },
        { id: 'b', action: 'ok' },
      ],
      { place: file() },
    );
    expect((await executor.run('g', { runId: 'r', hooks: [hook] })).status).toBe('failed');
    broken = false;
    const report = await executor.resume('r', { hooks: [hook] });
    expect([report.status, Object.keys(report.nodes).length]).toEqual(['succeeded', 3]);
    await executor.close();
  });
});

describe('a resume that is refused', () => {
  it('leaves an ended run as it was: its id still gives its report', async () => {
    const place = file();
    const nodes: GraphDefinition['nodes'] = [{ id: 'a', action: 'bad' }];
    let ran = 0;
    const counting = (): never => {
      ran++;
      return bad();
    };
    const first = await open({ bad: counting }, nodes, { place });
    await first.run('g', { runId: 'r' });
    const [before] = await first.listRuns();
    await first.close();
    const poor = await open({}, [], { place });
    await expect(poor.resume('r')).rejects.toMatchObject({ code: 'GRAPH_INVALID' });
    expect((await poor.listRuns())[0]).toEqual(before);
    await poor.close();
    const second = await open({ bad: counting }, nodes, { place });
    expect((await second.run('g', { runId: 'r' })).status).toBe('failed');
    expect(ran).toBe(1);
    await second.close();
  });
});

describe('a node that waited for its retry and is held', () => {
  it('reads back from the journal as it ended', async () => {
    const place = file();
    const executor = await open(
      { bad, ok: () => {} },
      [
        { id: 'a', action: 'bad' },
        { id: 'b', action: 'ok', dependencies: ['a'] },
      ],
      {
        place,
        config: { maxAttempts: 3, retryStrategy: { type: 'immediate' } },
      },
    );
    const hook: EventHook = {
      handle: (_ctx, event) =>
        event.type === 'NodeRetrying'
          ? [
              { type: 'PauseBranch', branchId: 'a' },
              { type: 'DisableNodes', nodeIds: ['a'] },
            ]
          : [],
    };
    const live = await executor.run('g', { runId: 'r', hooks: [hook] });
    expect(JSON.stringify(await executor.report('r'))).toBe(JSON.stringify(live));
    await executor.close();
  });
});

it('a thenable that throws fails its node, whatever the schema of the inputs', async () => {
  const validate = (value: unknown): Promise<{ readonly value: unknown }> =>
    Promise.resolve({ value });
  const registry = new ActionRegistry([
    {
      name: 'lazy',
      input: { '~standard': { version: 1, vendor: 'test', validate } },
      // oxlint-disable-next-line no-thenable -- a query builder that breaks
      execute: () => ({ then: () => bad() }),
    },
  ]);
  const executor = await DagExecutor.open({
    registry,
    config: { onFailure: 'continue', maxAttempts: 1 },
  });
  executor.add({ name: 'g', nodes: [{ id: 'a', action: 'lazy' }] });
  expect((await executor.run('g')).nodes['a']).toMatchObject({
    status: 'failed',
    error: { code: 'ACTION_FAILED' },
  });
});

it('options of a wrong type are refused before the run is stored', async () => {
  const executor = await open({ ok: () => {} }, [{ id: 'a', action: 'ok' }], { place: file() });
  for (const options of [
    { signal: {} },
    { hooks: [null] },
    { hooks: {} },
    { inputs: [1] },
    { inputs: null },
    { runId: 'x\ud800' },
  ]) {
    await expect(executor.run('g', options as never)).rejects.toMatchObject({
      code: expect.stringMatching(/^(CONFIG|INPUT)_INVALID$/),
    });
  }
  expect(await executor.listRuns()).toEqual([]);
  await executor.close();
  await expect(executor.run('g')).rejects.toMatchObject({ code: 'EXECUTOR_CLOSED' });
});
