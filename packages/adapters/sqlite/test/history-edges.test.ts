import {
  ActionRegistry,
  DagExecutor,
  defineAction,
  waitForInput,
  type EventHook,
  type ExecutorOptions,
  type NodeDefinition,
  type Storage,
} from '@dagger/core';
import type { KyselyPlugin, RootOperationNode } from 'kysely';
import { describe, expect, it, onTestFinished } from 'vitest';
import { sqlite } from '../src/index.ts';
import { interposed, settle } from './interposed.ts';
import { file } from './place.ts';

/** Actions of which the test says whether they fail, and when the slow one ends. */
const setup = () => {
  let broken = false;
  let go = (): void => {};
  const gate = new Promise<void>((resolve) => (go = resolve));
  const registry = new ActionRegistry([
    defineAction({ name: 'one', execute: () => ({ v: 1, w: 2 }) }),
    defineAction({
      name: 'flaky',
      execute({ cache, nodeId }) {
        if (broken) throw new Error('broken');
        cache.appendGlobal('all', 'ran', nodeId);
        return { v: 'there' };
      },
    }),
    defineAction({ name: 'show', execute: ({ inputs }) => ({ given: inputs }) }),
    defineAction({
      name: 'slow',
      async execute({ cache, nodeId }) {
        await gate;
        cache.appendGlobal('all', 'ran', nodeId);
      },
    }),
    defineAction({ name: 'ask', execute: ({ answer }) => answer ?? waitForInput({ prompt: '?' }) }),
  ]);
  const open = async (
    storage: Storage,
    nodes: readonly NodeDefinition[] = [],
    options: Partial<ExecutorOptions> = {},
  ): Promise<DagExecutor> => {
    const executor = await DagExecutor.open({
      registry,
      storage,
      config: { maxAttempts: 1, onFailure: 'continue' },
      ...options,
    });
    onTestFinished(() => executor.close().catch(() => {}));
    if (nodes.length > 0) executor.add({ name: 'g', nodes });
    return executor;
  };
  return { open, go: () => go(), breakDown: () => void (broken = true) };
};

const chain = (length: number): NodeDefinition[] =>
  Array.from({ length }, (_, i) => ({
    id: `n${i}`,
    action: 'one',
    dependencies: i === 0 ? [] : [`n${i - 1}`],
  }));

/** The same database, which somebody else closes. */
const shared = (storage: Storage): Storage => ({ ...storage, close: () => Promise.resolve() });

/** Calls `then` after each statement about a table. */
const after = (storage: Storage, table: string, then: () => Promise<void>): Storage => {
  const isAbout = (node: RootOperationNode): boolean => JSON.stringify(node).includes(table);
  const about = new WeakSet<object>();
  const plugin: KyselyPlugin = {
    transformQuery({ node, queryId }) {
      if (isAbout(node)) about.add(queryId);
      return node;
    },
    async transformResult({ result, queryId }) {
      if (about.has(queryId)) await then();
      return result;
    },
  };
  return { ...storage, db: storage.db.withPlugin(plugin) };
};

describe('a fork of a fork', () => {
  it('has no outputs of a node that ran in the first run and fails in this one', async () => {
    const { open, breakDown } = setup();
    const executor = await open(sqlite(file()), [
      { id: 'x', action: 'flaky' },
      { id: 'z', action: 'one', dependencies: ['x'] },
      {
        id: 'y',
        action: 'show',
        dependencies: [{ id: 'x', optional: true }],
        inputs: [{ name: 'x', reference: 'x.v', default: 'nothing' }],
      },
    ]);
    await executor.run('g', { runId: 'first' });
    const second = await executor.rerun('first', 'z');
    expect(second.nodes['y']?.outputs).toEqual({ given: { x: 'there' } });
    breakDown();
    const third = await executor.rerun(second.runId, 'x');
    expect(third.nodes['y']?.outputs).toEqual({ given: { x: 'nothing' } });
  });

  it('drops what the nodes that run anew wrote to shared values in the first run, and keeps the rest', async () => {
    const { open } = setup();
    const executor = await open(sqlite(file()), [
      { id: 'x', action: 'flaky' },
      { id: 'q', action: 'ask' },
      { id: 'y', action: 'flaky', dependencies: ['x'] },
      { id: 'z', action: 'one', dependencies: ['y'] },
    ]);
    await executor.run('g', { runId: 'first' });
    await executor.updateCache('first', 'all', 'told', true);
    await executor.approve('first', 'q');
    await executor.resume('first');
    const second = await executor.rerun('first', 'z');
    const third = await executor.rerun(second.runId, 'y');
    const values = await executor.loadCache(third.runId);
    expect(values.getGlobal('all', 'ran')).toEqual(['x', 'y']);
    expect(values.getGlobal('all', 'told')).toBe(true);
  });
});

describe('a fork', () => {
  it('of a run that goes on meanwhile has what the run was when it was read, and nothing of later', async () => {
    const { open, go } = setup();
    const storage = sqlite(file());
    const first = await open(storage, [
      { id: 'a', action: 'slow' },
      { id: 'b', action: 'one' },
    ]);
    const handle = await first.start('g', { runId: 'r' });
    await settle(50);
    let reads = 0;
    const watched = after(shared(storage), 'dagger_journal', async () => {
      if (++reads !== 1) return;
      go();
      await handle.done;
    });
    const second = await open(watched);
    const { runId } = await second.rerun('r', 'b');
    expect((await second.loadCache(runId)).getGlobal('all', 'ran')).toEqual(['a']);
  });

  it('shows its hooks the ends that the hooks of the run had not seen', async () => {
    const { open } = setup();
    const place = file();
    const first = await open(sqlite(place), [
      { id: 'a', action: 'one' },
      { id: 'b', action: 'one', dependencies: ['a'] },
      {
        id: 'bad',
        action: 'flaky',
        tryCount: 1,
        inputs: [{ name: 'x', reference: 'inputs.none' }],
      },
    ]);
    const stuck: EventHook = {
      events: ['NodeCompleted', 'NodeFailed'],
      handle: () => new Promise(() => {}),
    };
    const handle = await first.start('g', { runId: 'r', hooks: [stuck] });
    handle.done.catch(() => {});
    await settle(50);
    await first.close();
    const second = await open(sqlite(place));
    const seen: string[] = [];
    const hook: EventHook = {
      events: ['NodeCompleted', 'NodeFailed'],
      handle(_, event) {
        if (event.type === 'NodeCompleted')
          seen.push(`${event.nodeId} ${JSON.stringify(event.outcome.outputs)}`);
        if (event.type === 'NodeFailed') seen.push(`${event.nodeId} ${event.error.code}`);
        return [];
      },
    };
    await second.fork('r', { from: 'b' }, { hooks: [hook] });
    expect(seen.toSorted()).toEqual(['a {"v":1,"w":2}', 'b {"v":1,"w":2}', 'bad INPUT_MISSING']);
  });

  it('keeps paused what was paused, but for the nodes that it is asked to run', async () => {
    const { open } = setup();
    const executor = await open(sqlite(file()), [
      { id: 'a', action: 'one' },
      { id: 'q', action: 'ask', dependencies: ['a'] },
      { id: 'deploy', action: 'one', dependencies: ['q'] },
    ]);
    await executor.run('g', { runId: 'r' });
    await executor.send('r', { type: 'PauseBranch', branchId: 'deploy', reason: 'not now' });
    await executor.approve('r', 'q');
    expect((await executor.resume('r')).status).toBe('paused');
    const { runId } = await executor.rerun('r', 'a');
    await executor.approve(runId, 'q');
    const kept = await executor.resume(runId);
    expect(kept.nodes['deploy']?.status).toBe('ready');
    const wanted = await executor.rerun(runId, 'deploy');
    expect(wanted.nodes['deploy']?.status).toBe('succeeded');
  });
});

it.each(['fork', 'report', 'graph'] as const)(
  'a %s of a run that is deleted while it is read is refused, or has everything',
  async (what) => {
    const { open } = setup();
    let refused = 0;
    for (let k = 1; k < 12; k++) {
      const storage = sqlite(file());
      const other = await open(shared(storage), chain(3));
      let reads = 0;
      const watched = after(shared(storage), 'select', async () => {
        if (++reads === k) await other.prune({ maxAgeDays: 0 });
      });
      const executor = await open(watched, chain(3));
      await executor.run('g', { runId: 'r' });
      reads = 0;
      const read =
        what === 'graph'
          ? executor.runGraph('r').then(({ nodes }) => nodes.length)
          : (what === 'fork' ? executor.rerun('r', 'n2') : executor.report('r')).then(
              ({ counts }) => counts.succeeded,
            );
      const found = await read.catch(
        (error: unknown) => (error as { readonly code?: string }).code,
      );
      expect([3, 'RUN_UNKNOWN']).toContain(found);
      if (found === 'RUN_UNKNOWN') refused++;
      await storage.close();
    }
    expect(refused).toBeGreaterThan(2);
  },
);

describe('a snapshot', () => {
  it('of a run with a limited cache has also what the cache had to drop', async () => {
    const { open, go } = setup();
    const nodes = [...chain(10), { id: 'end', action: 'slow', dependencies: ['n9'] }];
    const executor = await open(sqlite(file()), nodes, { cacheLimits: { maxEntries: 2 } });
    const handle = await executor.start('g', { runId: 'r' });
    for await (const event of handle.events)
      if (event.type === 'NodeStarted' && event.nodeId === 'end') break;
    await executor.saveSnapshot('r');
    go();
    expect((await handle.done).nodes['n0']?.outputs).toEqual({ v: 1, w: 2 });
  });

  it('that comes after its run was deleted is refused, and a new run with the id begins anew', async () => {
    const { open } = setup();
    const storage = sqlite(file());
    let before: (() => Promise<unknown>) | undefined;
    const watched = interposed(shared(storage), async (work) => {
      const now = before;
      before = undefined;
      await now?.();
      return work();
    });
    const other = await open(storage, [
      { id: 'q', action: 'ask' },
      { id: 'z', action: 'one', dependencies: ['q'] },
    ]);
    const executor = await open(watched, chain(3));
    await executor.run('g', { runId: 'r' });
    before = () => other.prune({ maxAgeDays: 0 });
    await expect(executor.saveSnapshot('r')).rejects.toMatchObject({ code: 'RUN_UNKNOWN' });
    await other.run('g', { runId: 'r' });
    expect((await other.report('r')).status).toBe('paused');
  });
});
