import {
  ActionRegistry,
  DagExecutor,
  type EventHook,
  type ExecutorCommand,
  type GraphDefinition,
  type RunHandle,
  type RunReport,
} from '@dagger/core';
import { sqlite } from '@dagger/sqlite';
import { interposed, type Interleaving } from '../src/index.ts';

/** b, c and d side by side after a; each of the five gets a node of its own as it completes. */
const graph: GraphDefinition = {
  name: 'g',
  config: {
    onFailure: 'continue',
    retryStrategy: { type: 'linear', delay: 1 },
    timeoutSeconds: 86_400,
  },
  nodes: [
    { id: 'a', action: 'ok' },
    { id: 'b', action: 'ok', dependencies: ['a'] },
    { id: 'c', action: 'flaky', dependencies: ['a'], tryCount: 9 },
    { id: 'd', action: 'bad', dependencies: ['a'], tryCount: 2, failure: 'mend' },
    { id: 'e', action: 'ok', dependencies: ['b', 'c'] },
  ],
};

export interface InterleavedRun {
  readonly executor: DagExecutor;
  /** Nodes in the order in which they started. */
  readonly started: readonly string[];
  /** Nodes that started although their completion had been committed. */
  readonly again: readonly string[];
  /** Attempts that began before the storage knew of them. */
  readonly ahead: readonly string[];
  /** A session of the run, and its report. */
  readonly session: () => Promise<{
    readonly run: RunHandle;
    readonly done: Promise<RunReport>;
  }>;
  /** Sends a command; false when the run refused it. */
  readonly send: (run: RunHandle, command: ExecutorCommand) => Promise<boolean>;
}

/** The graph on SQLite; the order of its actions, commits, hooks and acknowledgements is that of the scheduler. */
export const interleavedRun = async ({
  scheduler: { step },
  clock,
  ids,
}: Interleaving): Promise<InterleavedRun> => {
  const started: string[] = [];
  const again: string[] = [];
  const ahead: string[] = [];
  const completed = new Set<string>();
  const database = sqlite(':memory:');
  // Reads what is committed, past the steps of the scheduler.
  const reader = await DagExecutor.open({ registry: new ActionRegistry(), storage: database });
  // Read once for all that begins after the same commit.
  let committedReport: Promise<RunReport> | undefined;
  const begin = async (nodeId: string, attempt: number): Promise<void> => {
    started.push(nodeId);
    if (completed.has(nodeId)) again.push(nodeId);
    committedReport ??= reader.report('r');
    const committed = (await committedReport).nodes[nodeId]?.attempts ?? 0;
    if (committed < attempt) ahead.push(`${nodeId} ${attempt}`);
    await step(nodeId);
  };
  const registry = new ActionRegistry([
    {
      name: 'ok',
      execute: async ({ nodeId, attempt }) => {
        await begin(nodeId, attempt);
        return { from: nodeId };
      },
    },
    {
      name: 'flaky',
      execute: async ({ nodeId, attempt }) => {
        await begin(nodeId, attempt);
        if (attempt < 3) throw new Error('not yet');
        return { from: nodeId };
      },
    },
    {
      name: 'bad',
      execute: async ({ nodeId, attempt }) => {
        await begin(nodeId, attempt);
        throw new Error('bad');
      },
    },
    {
      name: 'mend',
      execute: async () => {
        await step('handler');
        return { mended: true };
      },
    },
  ]);
  const growing: EventHook = {
    name: 'growing',
    events: ['NodeCompleted'],
    handle: async (_, event) => {
      if (!('nodeId' in event) || event.nodeId.length > 1) return [];
      await step(`hook of ${event.nodeId}`);
      const spec = { id: `after-${event.nodeId}`, action: 'ok', deps: [event.nodeId] };
      return [{ type: 'AddNode', spec }];
    },
  };
  const storage = interposed(database, async (work) => {
    await step('commit');
    const done = await work();
    committedReport = undefined;
    await step('acknowledgement');
    return done;
  });
  const executor = await DagExecutor.open({ registry, storage, clock, ids });
  executor.add(graph);
  return {
    executor,
    started,
    again,
    ahead,
    async session() {
      const run = await executor.startResume('r', { hooks: [growing] }).catch((error: unknown) => {
        if ((error as { readonly code?: unknown }).code !== 'RUN_UNKNOWN') throw error;
        return executor.start('g', { runId: 'r', hooks: [growing] });
      });
      run.events.subscribe((event) => {
        if (event.type === 'NodeCompleted') completed.add(event.nodeId);
      });
      return { run, done: run.done };
    },
    send: (run, command) =>
      run.send(command).then(
        () => true,
        (error: unknown) => {
          if ((error as { readonly code?: unknown }).code !== 'COMMAND_REJECTED') throw error;
          return false;
        },
      ),
  };
};
