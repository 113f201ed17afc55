import { Cache } from '../cache/cache.ts';
import { applyWrites } from '../cache/view.ts';
import type { CacheLimits } from '../cache/limits.ts';
import { Graph, restoreGraph } from '../graph/graph.ts';
import type { RunEvent } from '../run/events.ts';
import { unseenEnds } from '../run/fork.ts';
import { publicEvents, type NumberedEvent } from '../run/public-events.ts';
import { RunState } from '../run/state.ts';
import { sealParsed } from '../json.ts';
import { unknownRun, type LoadedRun, type RunStore } from './run-store.ts';
import { latestSnapshot } from './snapshots.ts';

/** A run as its journal tells it. */
export interface RecoveredRun {
  readonly graph: Graph;
  readonly state: RunState;
  readonly cache: Cache;
  /** Events that were committed and not marked as seen by the hooks. */
  readonly unseen: readonly NumberedEvent[];
}

/** Reads the journal of a run through the reducer that also serves live. Costs O(events). */
export const recover = async (
  store: RunStore,
  loaded: LoadedRun,
  limits: CacheLimits | undefined,
): Promise<RecoveredRun> => {
  const { row, definition, config } = loaded;
  const graph = restoreGraph(definition);
  const state = new RunState(Graph.topologyOf(graph), config);
  const snapshot = await latestSnapshot(store, row.id);
  if (snapshot !== undefined) state.load(snapshot.state);
  const cache = Cache.restore(snapshot?.cache ?? loaded.cache, limits);
  const identity = { runId: row.id, dagName: row.dag };
  let unseen: NumberedEvent[] = [...(snapshot?.unseen ?? [])];
  const fold = (group: readonly RunEvent[]): void => {
    for (const event of group) {
      state.apply(event);
      if (event.type === 'NodeCompleted') {
        cache.setOutputs(state.topology.idOf(event.n), sealParsed(event.outputs));
        if (event.writes !== undefined) applyWrites(cache, event.writes);
      }
      if (event.type === 'CacheUpdated')
        cache.insertGlobal(event.namespace, event.key, event.value);
      if (event.type === 'HooksSeen') {
        const { seq, parts = Infinity } = event;
        unseen = unseen.filter(
          (told) => told.seq > seq || (told.seq === seq && told.part >= parts),
        );
      }
      if (event.type === 'RunForked')
        for (const [, writes] of event.shared ?? []) applyWrites(cache, writes);
      if (!state.hooked) continue;
      unseen.push(...publicEvents(identity, state, event));
      if (event.type !== 'RunForked') continue;
      for (const end of unseenEnds(state, (id) => cache.outputsOf(id)))
        for (const told of publicEvents(identity, state, end))
          unseen.push({ ...told, part: unseen.length });
    }
  };
  for await (const groups of store.stretches(row.id, state.seq)) groups.forEach(fold);
  return { graph, state, cache, unseen };
};

/**
 * Reads a run that this process does not own. What is deleted meanwhile may have been read in part.
 * @throws DaggerError RUN_UNKNOWN
 */
export const readRun = async (store: RunStore, loaded: LoadedRun): Promise<RecoveredRun> => {
  const { id } = loaded.row;
  const mustBeThere = async (): Promise<void> => {
    if ((await store.row(id)) === undefined) throw unknownRun(id, store.storage);
  };
  try {
    const recovered = await recover(store, loaded, undefined);
    await mustBeThere();
    return recovered;
  } catch (error) {
    await mustBeThere();
    throw error;
  }
};
