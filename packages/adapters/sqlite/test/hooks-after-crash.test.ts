import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  ActionRegistry,
  DagExecutor,
  type EventHook,
  type ExecutorCommand,
  type NodeDefinition,
  type RunReport,
} from '@dagger/core';
import BetterSqlite3 from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { sqlite } from '../src/index.ts';
import { settle } from './interposed.ts';
import { folder } from './place.ts';

const registry = (): ActionRegistry =>
  new ActionRegistry([
    { name: 'ok', execute: () => ({ done: true }) },
    {
      name: 'broken',
      execute: () => {
        throw new Error('broken');
      },
    },
  ]);

const open = async (place: string, nodes: readonly NodeDefinition[]): Promise<DagExecutor> => {
  const executor = await DagExecutor.open({
    registry: registry(),
    storage: sqlite(place),
    config: { onFailure: 'continue', maxAttempts: 1, maxParallelNodes: 3 },
  });
  executor.add({ name: 'g', nodes });
  return executor;
};

/**
 * Runs a graph with a hook to its end, then once more for every group of events in its journal: as if the process had
 * died right after the commit of that group.
 */
const setup = async (
  nodes: readonly NodeDefinition[],
  hook: () => EventHook,
): Promise<{ readonly whole: readonly unknown[]; readonly resumed: readonly unknown[] }> => {
  const dir = folder();
  const original = join(dir, 'whole.db');
  const executor = await open(original, nodes);
  const whole = await executor.run('g', { runId: 'r', hooks: [hook()] });
  await executor.close();
  const reader = new BetterSqlite3(original);
  const groups = reader.prepare('select seq from dagger_journal order by seq').all() as {
    seq: number;
  }[];
  reader.close();
  const resumed: unknown[] = [];
  for (const [i, { seq }] of groups.entries()) {
    if (i === 0) continue;
    const place = join(dir, `cut-${i}.db`);
    copyFileSync(original, place);
    const database = new BetterSqlite3(place);
    database.prepare('delete from dagger_journal where seq >= ?').run(seq);
    database
      .prepare(
        "update dagger_runs set status = 'running', finished_at = null, error = null, owner = null, lease_until = 0",
      )
      .run();
    database.close();
    const second = await open(place, nodes);
    resumed.push(essence(await second.resume('r', { hooks: [hook()] })));
    await second.close();
  }
  expect(resumed.length).toBeGreaterThan(1);
  return { whole: resumed.map(() => essence(whole)), resumed };
};

/** What must be the same however often the process died. */
const essence = ({ status, counts, nodes, rejectedCommands }: RunReport): unknown => ({
  status,
  counts,
  nodes: Object.keys(nodes).toSorted(),
  rejectedCommands,
});

const add = (...deps: string[]): ExecutorCommand => ({
  type: 'AddNode',
  spec: { action: 'ok', deps },
});
const chain: readonly NodeDefinition[] = ['a', 'b', 'c'].map((id, i, all) => ({
  id,
  action: 'ok',
  dependencies: i === 0 ? [] : [all[i - 1] as string],
}));
const fan: readonly NodeDefinition[] = ['a', 'b', 'c', 'd', 'e', 'f'].map((id) => ({
  id,
  action: 'ok',
}));
const original = /^[a-f]$/;

/** One more node for every event of a type about a node that was there from the start. */
const growing =
  (type: 'NodeStarted' | 'NodeCompleted' | 'NodeFailed' | 'NodeSkipped', slow: boolean) =>
  (): EventHook => ({
    events: [type],
    handle: (_, event) => {
      // A node that ran when the process died starts again, as its second attempt.
      const again = event.type === 'NodeStarted' && event.attempt > 1;
      const commands = 'nodeId' in event && original.test(event.nodeId) && !again ? [add()] : [];
      return slow ? settle(2).then(() => commands) : commands;
    },
  });

describe.each([
  ['answers at once', false],
  ['takes its time', true],
])('after a crash at whatever commit, each command of a hook that %s applies once', (_, slow) => {
  it('when it grows the graph at the start [P23]', async () => {
    const answer = [add(), add('c'), add('a')];
    const { whole, resumed } = await setup(chain, () => ({
      onStart: () => (slow ? settle(2).then(() => answer) : answer),
    }));
    expect(resumed).toEqual(whole);
  });

  it('when it grows the graph as nodes complete, one after the other [P23]', async () => {
    const { whole, resumed } = await setup(chain, growing('NodeCompleted', slow));
    expect(resumed).toEqual(whole);
  });

  it('when it grows the graph as nodes complete side by side [P23]', async () => {
    const { whole, resumed } = await setup(fan, growing('NodeCompleted', slow));
    expect(resumed).toEqual(whole);
  });

  it('when it grows the graph as nodes start', async () => {
    const { whole, resumed } = await setup(fan, growing('NodeStarted', slow));
    expect(resumed).toEqual(whole);
  });

  it('when it grows the graph as nodes fail and are skipped', async () => {
    const nodes = chain.map((node) => (node.id === 'a' ? { ...node, action: 'broken' } : node));
    for (const type of ['NodeFailed', 'NodeSkipped'] as const) {
      const { whole, resumed } = await setup(nodes, growing(type, slow));
      expect(resumed).toEqual(whole);
    }
  });

  it('when it answers its own events [P23]', async () => {
    const hook = (): EventHook => ({
      events: ['NodeCompleted', 'CustomEvent'],
      handle: (_ctx, event) => {
        const commands: ExecutorCommand[] =
          event.type === 'CustomEvent'
            ? [add('a')]
            : 'nodeId' in event && event.nodeId === 'b'
              ? [
                  { type: 'EmitEvent', event: 1 },
                  { type: 'EmitEvent', event: 2 },
                ]
              : [];
        return slow ? settle(2).then(() => commands) : commands;
      },
    });
    const { whole, resumed } = await setup(chain, hook);
    expect(resumed).toEqual(whole);
  });
});

it('a hook that failed is asked again when its process died before the run had stopped', async () => {
  const place = join(folder(), 'runs.db');
  const nodes = [
    { id: 'a', action: 'ok' },
    { id: 's', action: 'stuck' },
  ];
  const registryWith = (stuck: () => Promise<void>): ActionRegistry =>
    new ActionRegistry([
      { name: 'ok', execute: () => ({ done: true }) },
      { name: 'stuck', execute: stuck },
    ]);
  const first = await DagExecutor.open({
    registry: registryWith(() => new Promise(() => {})),
    storage: sqlite(place),
  });
  first.add({ name: 'g', nodes });
  const failing: EventHook = {
    events: ['NodeCompleted'],
    handle: () => {
      throw new Error('no');
    },
  };
  const handle = await first.start('g', { runId: 'r', hooks: [failing] });
  handle.done.catch(() => {});
  for await (const event of handle.events) if (event.type === 'RunStopping') break;
  await settle();
  await first.close();
  const second = await DagExecutor.open({
    registry: registryWith(() => Promise.resolve()),
    storage: sqlite(place),
  });
  const seen: string[] = [];
  const hook: EventHook = {
    events: ['NodeCompleted'],
    handle: (_, event) => {
      if (event.type === 'NodeCompleted') seen.push(event.nodeId);
      return [];
    },
  };
  expect((await second.resume('r', { hooks: [hook] })).status).toBe('succeeded');
  expect(seen).toEqual(['a', 's']);
  await second.close();
});

describe.each(['memory', 'SQLite'])('in %s', (kind) => {
  it.each(['at once', 'later'])(
    'a hook that failed %s sees the same events when the run is resumed',
    async (when) => {
      const executor = await DagExecutor.open({
        registry: registry(),
        config: { maxParallelNodes: 3 },
        ...(kind === 'memory' ? {} : { storage: sqlite(join(folder(), 'runs.db')) }),
      });
      executor.add({ name: 'g', nodes: fan });
      const seen: string[] = [];
      let fails = true;
      const hook: EventHook = {
        events: ['NodeCompleted'],
        handle(_, event) {
          if (event.type !== 'NodeCompleted') return [];
          if (fails && event.nodeId === 'b') {
            fails = false;
            if (when === 'later') return Promise.reject(new Error('no'));
            throw new Error('no');
          }
          seen.push(event.nodeId);
          return event.nodeId === 'a' ? [{ type: 'EmitEvent', event: 'a' }] : [];
        },
      };
      expect((await executor.run('g', { runId: 'r', hooks: [hook] })).status).toBe('failed');
      expect((await executor.resume('r', { hooks: [hook] })).status).toBe('succeeded');
      expect(seen).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
      await executor.close();
    },
  );
});
