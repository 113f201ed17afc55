import {
  ActionRegistry,
  DagExecutor,
  type EventHook,
  type GraphDefinition,
  type RunReport,
  type Storage,
} from '@dagger/core';
import { sqlite } from '@dagger/sqlite';
import { describe, expect, it } from 'vitest';
import { faultyStorage, SimulatedClock, type Fault, type FaultPlan } from '../src/index.ts';
import { essence } from './essence.ts';

const graph: GraphDefinition = {
  name: 'g',
  config: { onFailure: 'continue', retryStrategy: { type: 'linear', delay: 1 } },
  nodes: [
    { id: 'a', action: 'ok' },
    { id: 'b', action: 'ok', dependencies: ['a'] },
    { id: 'c', action: 'flaky', dependencies: ['a'], tryCount: 9 },
    { id: 'd', action: 'bad', dependencies: ['a'], tryCount: 1, failure: 'mend' },
    { id: 'e', action: 'ok', dependencies: ['b', 'c'], cacheStrategy: 'always' },
  ],
};

/** One more node for each of the original ones that completes. */
const growing: EventHook = {
  name: 'growing',
  events: ['NodeCompleted'],
  handle: (_, event) =>
    'nodeId' in event && event.nodeId.length === 1
      ? [
          {
            type: 'AddNode',
            spec: { id: `after-${event.nodeId}`, action: 'ok', deps: [event.nodeId] },
          },
        ]
      : [],
};

/** Runs the graph, again and again for as long as storage throws; nothing may start whose end a watcher was told of. */
const runThrough = async (
  wrap: (storage: Storage, clock: SimulatedClock) => Storage,
): Promise<{
  readonly report: RunReport;
  readonly sessions: number;
  readonly again: readonly string[];
}> => {
  const clock = new SimulatedClock();
  const completed = new Set<string>();
  const again: string[] = [];
  const begin = (nodeId: string): void => {
    if (completed.has(nodeId)) again.push(nodeId);
  };
  const registry = new ActionRegistry([
    {
      name: 'ok',
      execute: ({ nodeId }) => {
        begin(nodeId);
        return { from: nodeId };
      },
    },
    {
      name: 'flaky',
      execute: async ({ nodeId, attempt }) => {
        begin(nodeId);
        await Promise.resolve();
        if (attempt < 3) throw new Error('not yet');
        return { from: nodeId };
      },
    },
    {
      name: 'bad',
      execute: ({ nodeId }) => {
        begin(nodeId);
        throw new Error('bad');
      },
    },
    { name: 'mend', execute: () => ({ mended: true }) },
  ]);
  const executor = await DagExecutor.open({
    registry,
    clock,
    storage: wrap(sqlite(':memory:'), clock),
  });
  executor.add(graph);
  const session = async (): Promise<RunReport> => {
    const run = await executor.start('g', { runId: 'r', hooks: [growing] });
    run.events.subscribe((event) => {
      if (event.type === 'NodeCompleted') completed.add(event.nodeId);
    });
    return run.done;
  };
  for (let sessions = 1; sessions < 60; sessions++) {
    try {
      const report = await clock.advanceUntil(session());
      const stored = await executor.report('r');
      expect(essence(stored)).toEqual(essence(report));
      await clock.advanceUntil(executor.close());
      return { report, sessions, again };
    } catch (error) {
      expect(error).toMatchObject({
        code: expect.stringMatching(/^(STORAGE_FAILED|SQLITE_|CONNECTION_LOST)/),
      });
    }
  }
  throw new Error('the run did not end within 60 sessions');
};

const undisturbed = runThrough((storage) => storage);

/** The commits of the undisturbed run. */
const count = async (): Promise<number> => {
  let commits = 0;
  await runThrough((inner) => {
    const storage = faultyStorage(inner, { fault: { type: 'fail-before' }, at: [10_000] });
    return Object.defineProperty({ ...storage }, 'close', {
      value: () => {
        commits = storage.commits;
        return inner.close();
      },
    });
  });
  return commits;
};

const faults: readonly Fault[] = [
  { type: 'fail-before' },
  { type: 'commit-then-throw' },
  { type: 'busy', times: 3 },
  { type: 'torn' },
  { type: 'torn', after: 2 },
  { type: 'slow', ms: 700 },
];

describe.each(faults.map((fault) => [JSON.stringify(fault), fault] as const))(
  'a run whose storage has the fault %s',
  (_, fault) => {
    const survives = async (plan: FaultPlan): Promise<number> => {
      const { report, again, sessions } = await runThrough((storage, clock) =>
        faultyStorage(storage, plan, { clock }),
      );
      expect(essence(report)).toEqual(essence((await undisturbed).report));
      expect(again).toEqual([]);
      return sessions;
    };

    it('at one commit, whichever it is, ends as if nothing had been, and no acknowledged node runs again [P9] [P83]', async () => {
      const commits = await count();
      expect(commits).toBeGreaterThan(10);
      for (let at = 1; at <= commits; at++) await survives({ fault, at: [at] });
    });

    it('now and then, ends as if nothing had been', async () => {
      const sessions: number[] = [];
      for (let seed = 1; seed <= 10; seed++)
        sessions.push(await survives({ fault, seeded: { seed, rate: 0.15 } }));
      // A slow storage interrupts nothing; the others may, unless the engine tries again by itself.
      const most = fault.type === 'slow' ? 1 : 60;
      expect(Math.max(...sessions)).toBeLessThanOrEqual(most);
    });
  },
);
