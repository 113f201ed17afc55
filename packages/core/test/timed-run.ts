import type { AnyAction } from '../src/actions/action.ts';
import { ActionRegistry } from '../src/actions/registry.ts';
import type { DagConfigInput } from '../src/config/model.ts';
import { DagExecutor } from '../src/executor/executor.ts';
import { defineGraph } from '../src/graph/graph.ts';
import type { NodeDefinition } from '../src/graph/model.ts';
import type { EventHook } from '../src/hooks/hook.ts';
import type { RunReport } from '../src/run/report.ts';
import type { Storage } from '../src/storage/storage.ts';
import { ManualClock } from './clock.ts';

/** A node, and how long its attempts really take; what is given out as its duration may be something else, or nothing. */
export interface TimedNode extends Omit<NodeDefinition, 'action'> {
  readonly action?: string;
  readonly seconds: number;
}

export interface TimedSetting {
  readonly slots: number;
  readonly config?: DagConfigInput;
  readonly hooks?: readonly EventHook[];
  readonly storage?: Storage;
  /** Actions beside `work`: `work` under another name, with these parts. */
  readonly actions?: readonly Partial<AnyAction>[];
  /** Seconds of nodes that the run grows. */
  readonly grown?: { readonly [id: string]: number };
  readonly runId?: string;
}

export interface TimedRun {
  readonly report: RunReport;
  /** Ids in the order in which their attempts began. */
  readonly starts: readonly string[];
  /** Seconds. */
  readonly makespan: number;
}

/** Runs nodes that do nothing but take their time, which is simulated. */
export const timedRun = async (
  nodes: readonly TimedNode[],
  { slots, config, hooks, storage, actions = [], grown = {}, runId }: TimedSetting,
): Promise<TimedRun> => {
  const clock = new ManualClock();
  const starts: string[] = [];
  const seconds = new Map([
    ...nodes.map((node) => [node.id, node.seconds] as const),
    ...Object.entries(grown),
  ]);
  const execute = async ({ nodeId }: { readonly nodeId: string }): Promise<{ by: string }> => {
    starts.push(nodeId);
    await new Promise<void>((resolve) => {
      clock.after((seconds.get(nodeId) as number) * 1_000, resolve);
    });
    return { by: nodeId };
  };
  const executor = await DagExecutor.open({
    registry: new ActionRegistry(
      [{ name: 'work' }, ...actions].map((parts) => ({ execute, ...parts }) as AnyAction),
    ),
    clock,
    config: { maxParallelNodes: slots, timeoutSeconds: 86_400, ...config },
    // The storage outlives the executor: the next run goes on with it.
    ...(storage === undefined ? {} : { storage: { ...storage, close: () => Promise.resolve() } }),
  });
  const graph = defineGraph({
    name: 'timed',
    nodes: nodes.map(({ seconds: _, ...node }) => ({ action: 'work', ...node })),
  });
  const options = {
    ...(hooks === undefined ? {} : { hooks }),
    ...(runId === undefined ? {} : { runId }),
  };
  const report = await clock.drive(executor.run(graph, options));
  const makespan = report.durationMs / 1_000;
  await executor.close();
  return { report, starts, makespan };
};
