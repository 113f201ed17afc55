import type { DagConfig } from '../config/model.ts';
import type { CoordinatorOptions } from '../coordinator/coordinator.ts';
import type { StartOrder } from '../coordinator/start-order.ts';
import type { RunState } from '../run/state.ts';
import { secondsTaken } from '../run/taken.ts';
import { durationsBody, keepDurations } from '../storage/durations.ts';
import type { RunStore } from '../storage/run-store.ts';

/** Nodes of a graph whose durations are kept; of a larger one none are. */
const MOST_NODES = 20_000;

/** Nodes that a run may work on at the same time. */
export const slotsOf = (config: DagConfig, options: CoordinatorOptions): number =>
  config.enableParallelExecution ? (options.maxParallelNodes ?? config.maxParallelNodes) : 1;

/** Whether the critical path of a run goes first; one slot keeps the order of definition. */
export const byPath = (config: DagConfig, options: CoordinatorOptions): boolean =>
  config.nodeOrder === 'critical_path' && slotsOf(config, options) > 1;

/**
 * What earlier runs of a graph taught, if the run may come to have more ready nodes than slots. Storage that cannot tell is
 * no reason not to run.
 */
export const learnedBody = async (
  store: RunStore,
  dag: string,
  run: { readonly config: DagConfig; readonly options: CoordinatorOptions; readonly nodes: number },
): Promise<string | undefined> => {
  const { config, options, nodes } = run;
  const mayGrow = (options.hooks?.length ?? 0) > 0;
  if (!byPath(config, options) || (nodes <= slotsOf(config, options) && !mayGrow)) return undefined;
  return durationsBody(store.storage.db, dag).catch(() => undefined);
};

/** Keeps what a run teaches that succeeded, for later runs of its graph: the durations that nobody gave. */
export const learn = async (
  store: RunStore,
  dag: string,
  state: RunState,
  order: StartOrder,
): Promise<void> => {
  if (!order.mattered || state.nodeCount > MOST_NODES) return;
  const taken = secondsTaken(state, (n) => order.given(n) === undefined);
  if (taken.size === 0) return;
  const has = (id: string): boolean => state.topology.numberOf(id) !== undefined;
  await keepDurations(store.storage.db, dag, taken, has);
};
