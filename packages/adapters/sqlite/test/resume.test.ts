import {
  ActionRegistry,
  Cache,
  DagExecutor,
  type ActionContext,
  type AnyAction,
  type DagConfigInput,
  type EventHook,
} from '@dagger/core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { sqlite } from '../src/index.ts';
import { file } from './place.ts';

/** A file and executors on it, one after the other; `flaky` fails while `broken` is set. */
const setup = (): {
  readonly ran: string[];
  readonly world: { broken: boolean; stuck: boolean };
  readonly open: (config?: DagConfigInput, names?: readonly string[]) => Promise<DagExecutor>;
} => {
  const place = file();
  const ran: string[] = [];
  const world = { broken: false, stuck: false };
  const open = async (
    config: DagConfigInput = {},
    names: readonly string[] = ['ok', 'flaky', 'slow', 'new'],
  ): Promise<DagExecutor> => {
    const actions: readonly AnyAction[] = [
      {
        name: 'ok',
        execute: ({ nodeId, inputs, cache }: ActionContext) => {
          ran.push(nodeId);
          cache.appendGlobal('log', 'nodes', nodeId);
          return { from: nodeId, inputs };
        },
      },
      {
        name: 'flaky',
        execute: ({ nodeId }: ActionContext) => {
          ran.push(nodeId);
          if (world.broken) throw new Error('broken');
          return { fixed: true };
        },
      },
      {
        name: 'slow',
        execute: async ({ nodeId, signal }: ActionContext) => {
          ran.push(nodeId);
          if (!world.stuck) return;
          await new Promise((_, reject) =>
            signal.addEventListener('abort', () => reject(new Error('stopped'))),
          );
        },
      },
      { name: 'new', execute: ({ nodeId }: ActionContext) => void ran.push(nodeId) },
    ];
    const registry = new ActionRegistry(actions.filter(({ name }) => names.includes(name)));
    const executor = await DagExecutor.open({
      registry,
      storage: sqlite(place),
      config: { maxAttempts: 1, gracePeriod: 0, ...config },
    });
    executor.add({
      name: 'g',
      nodes: [
        { id: 'a', action: 'ok', inputs: [{ name: 'x', reference: 'inputs.x', default: 0 }] },
        { id: 'f', action: 'flaky', dependencies: ['a'] },
        { id: 's', action: 'slow', dependencies: ['f'] },
        {
          id: 'z',
          action: 'ok',
          dependencies: ['s'],
          inputs: [{ name: 'of_a', reference: 'a.inputs.x' }],
        },
      ],
    });
    onTestFinished(async () => executor.close().catch(() => {}));
    return executor;
  };
  return { ran, world, open };
};

describe('resuming in another process', () => {
  it.each([
    ['paused', 'pause'],
    ['failed', 'stop'],
    ['failed', 'continue'],
  ] as const)(
    'a run that ended as %s by its policy gives what failed another chance',
    async (status, onFailure) => {
      const { ran, world, open } = setup();
      world.broken = true;
      const first = await open({ onFailure });
      expect(await first.run('g', { runId: 'r', inputs: { x: 7 } })).toMatchObject({
        status,
        error: { message: 'broken' },
      });
      await first.close();
      world.broken = false;
      const second = await open();
      const report = await second.resume('r');
      expect(report).toMatchObject({ status: 'succeeded', error: null, counts: { succeeded: 4 } });
      expect(report.nodes['z']?.outputs).toEqual({ from: 'z', inputs: { of_a: 7 } });
      expect(report.nodes['f']).toMatchObject({ status: 'succeeded', attempts: 2, error: null });
      expect(ran).toEqual(['a', 'f', 'f', 's', 'z']);
    },
  );

  it('a run that fails again says so, with attempts counted on', async () => {
    const { world, open } = setup();
    world.broken = true;
    const first = await open();
    await first.run('g', { runId: 'r' });
    await first.close();
    const report = await (await open()).resume('r');
    expect(report.nodes['f']).toMatchObject({ status: 'failed', attempts: 2 });
    expect(report.status).toBe('paused');
  });

  it.each([
    ['cancelled', { timeoutSeconds: 3_600 }],
    ['timed_out', { timeoutSeconds: 1 }],
  ] as const)('a run that was %s goes on where it stopped', async (status, config) => {
    const { ran, world, open } = setup();
    world.stuck = true;
    const first = await open(config);
    const run = await first.start('g', { runId: 'r' });
    run.events.subscribe((event) => {
      if (status === 'cancelled' && event.type === 'NodeStarted' && event.nodeId === 's')
        setImmediate(() => run.cancel());
    });
    expect((await run.done).status).toBe(status);
    await first.close();
    world.stuck = false;
    expect(await (await open()).resume('r')).toMatchObject({
      status: 'succeeded',
      counts: { succeeded: 4 },
    });
    expect(ran).toEqual(['a', 'f', 's', 's', 'z']);
  });

  it('a run that succeeded just gives its report, the same as it was [P7]', async () => {
    const { ran, open } = setup();
    const first = await open();
    const report = await first.run('g', { runId: 'r', inputs: { x: 1 } });
    expect((await first.run('g', { runId: 'r' })).toJSON()).toEqual(report.toJSON());
    await first.close();
    const second = await open();
    expect((await second.run('g', { runId: 'r' })).toJSON()).toEqual(report.toJSON());
    expect((await second.resume('r')).toJSON()).toEqual(report.toJSON());
    expect(ran).toEqual(['a', 'f', 's', 'z']);
  });

  it('a failed run under its id gives its report too: only resume goes on', async () => {
    const { ran, world, open } = setup();
    world.broken = true;
    const first = await open({ onFailure: 'stop' });
    const report = await first.run('g', { runId: 'r' });
    await first.close();
    const again = await (await open()).run('g', { runId: 'r' });
    expect(JSON.parse(JSON.stringify(again))).toEqual(JSON.parse(JSON.stringify(report)));
    expect(ran).toEqual(['a', 'f']);
  });

  it('a paused run under its id goes on', async () => {
    const { world, open } = setup();
    world.broken = true;
    const first = await open();
    await first.run('g', { runId: 'r' });
    await first.close();
    world.broken = false;
    expect((await (await open()).run('g', { runId: 'r' })).status).toBe('succeeded');
  });

  it('uses the definition that the run started with, though a newer one is loaded [P8]', async () => {
    const { ran, world, open } = setup();
    world.broken = true;
    const first = await open();
    await first.run('g', { runId: 'r' });
    await first.close();
    world.broken = false;
    const second = await open();
    second.add({ name: 'g', nodes: [{ id: 'other', action: 'new' }] }, { replace: true });
    const report = await second.run('g', { runId: 'r' });
    expect(Object.keys(report.nodes)).toEqual(['a', 'f', 's', 'z']);
    expect(ran).not.toContain('other');
    expect((await second.runGraph('r')).nodes).toHaveLength(4);
    expect(Object.keys((await second.run('g')).nodes)).toEqual(['other']);
  });

  it('keeps what the run grew, what it was told, and the values that it shares [P25]', async () => {
    const { ran, world, open } = setup();
    world.broken = true;
    const first = await open();
    const hook: EventHook = {
      onStart: () => [
        { type: 'AddNode', spec: { id: 'grown', action: 'ok', deps: ['s'] } },
        { type: 'SetNodeInputs', nodeId: 'z', inputs: { told: true } },
        { type: 'DisableNodes', nodeIds: ['grown'] },
        { type: 'AddNode', spec: { id: 'more', action: 'ok', deps: ['a'] } },
      ],
    };
    await first.run('g', { runId: 'r', hooks: [hook] });
    await first.close();
    world.broken = false;
    const report = await (await open()).resume('r');
    expect(report.nodes['grown']).toMatchObject({ status: 'skipped', reason: 'disabled' });
    expect(report.nodes['z']?.outputs).toMatchObject({ inputs: { told: true } });
    expect(report.nodes['more']?.status).toBe('succeeded');
    expect(ran.filter((id) => id === 'a')).toHaveLength(1);
  });

  it('keeps a paused branch paused [P39]', async () => {
    const { ran, open } = setup();
    const first = await open();
    const hook: EventHook = {
      onStart: () => [{ type: 'PauseBranch', branchId: 's', reason: 'approval' }],
    };
    expect((await first.run('g', { runId: 'r', hooks: [hook] })).status).toBe('paused');
    await first.close();
    const second = await open();
    expect((await second.resume('r')).status).toBe('paused');
    expect(ran).toEqual(['a', 'f']);
    const run = await second.startResume('r');
    await run.send({ type: 'ResumeBranch', branchId: 's' });
    expect((await run.done).status).toBe('succeeded');
    expect(ran).toEqual(['a', 'f', 's', 'z']);
  });

  it('keeps a cancelled branch cancelled [P40]', async () => {
    const { ran, world, open } = setup();
    world.broken = true;
    const first = await open();
    const hook: EventHook = { onStart: () => [{ type: 'CancelBranch', branchId: 's' }] };
    expect((await first.run('g', { runId: 'r', hooks: [hook] })).status).toBe('paused');
    await first.close();
    world.broken = false;
    const { status, nodes } = await (await open()).resume('r');
    expect(status).toBe('succeeded');
    expect([nodes['s']?.status, nodes['z']?.status]).toEqual(['cancelled', 'cancelled']);
    expect(ran).toEqual(['a', 'f', 'f']);
  });

  it('with hooks, where the run had none before, completes it all the same', async () => {
    const { ran, world, open } = setup();
    world.broken = true;
    const first = await open();
    await first.run('g', { runId: 'r' });
    await first.close();
    world.broken = false;
    const told: string[] = [];
    const hook: EventHook = { handle: (_, event) => void told.push(event.type) };
    const report = await (await open()).resume('r', { hooks: [hook] });
    expect(report).toMatchObject({ status: 'succeeded', counts: { succeeded: 4 } });
    expect(ran).toEqual(['a', 'f', 'f', 's', 'z']);
    expect(told.filter((type) => type === 'NodeCompleted')).toHaveLength(3);
  });

  it('without hooks, where the run had some before, completes it all the same', async () => {
    const { world, open } = setup();
    world.broken = true;
    const first = await open();
    await first.run('g', { runId: 'r', hooks: [{ handle: () => {} }] });
    await first.close();
    world.broken = false;
    expect(await (await open()).resume('r')).toMatchObject({ status: 'succeeded' });
  });

  it('keeps the cache that the run began with', async () => {
    const { world, open } = setup();
    world.broken = true;
    const first = await open();
    const cache = new Cache();
    cache.insertGlobal('log', 'nodes', ['before']);
    await first.run('g', { runId: 'r', cache });
    expect(cache.getGlobal('log', 'nodes')).toEqual(['before', 'a']);
    await first.close();
    world.broken = false;
    const second = await open();
    second.registry.registerFn('read', ({ cache: values }) => ({
      nodes: values.getGlobal('log', 'nodes') ?? null,
    }));
    let asked = false;
    const onComplete: EventHook['onComplete'] = () => {
      if (asked) return [];
      asked = true;
      return [{ type: 'AddNode', spec: { id: 'read', action: 'read' } }];
    };
    const report = await second.resume('r', { hooks: [{ onComplete }] });
    expect(report.nodes['read']?.outputs).toEqual({ nodes: ['before', 'a', 'z'] });
  });

  it('with an action that is no longer registered is refused, and the run stays free', async () => {
    const { world, open } = setup();
    world.broken = true;
    const first = await open();
    await first.run('g', { runId: 'r' });
    await first.close();
    world.broken = false;
    const poor = await open({}, ['ok', 'new', 'slow']);
    await expect(poor.resume('r')).rejects.toMatchObject({
      code: 'GRAPH_INVALID',
      message: expect.stringContaining("'flaky'"),
    });
    expect((await (await open()).resume('r')).status).toBe('succeeded');
  });

  it('an unknown run, or an id that belongs to another graph, is refused', async () => {
    const { open } = setup();
    const executor = await open();
    await expect(executor.resume('nobody')).rejects.toMatchObject({
      code: 'RUN_UNKNOWN',
      ids: { runId: 'nobody' },
    });
    await expect(executor.report('nobody')).rejects.toMatchObject({ code: 'RUN_UNKNOWN' });
    await executor.run('g', { runId: 'r' });
    executor.add({ name: 'h', nodes: [{ id: 'a', action: 'ok' }] });
    await expect(executor.run('h', { runId: 'r' })).rejects.toMatchObject({ code: 'RUN_CONFLICT' });
  });
});
