import { Cache } from '../cache/cache.ts';
import { applyWrites } from '../cache/view.ts';
import { DaggerError } from '../errors.ts';
import { defineGraph, Graph } from '../graph/graph.ts';
import { RUN_INPUTS } from '../graph/reference.ts';
import type { Topology } from '../graph/topology.ts';
import { ownJson, type JsonObject, type JsonValue } from '../json.ts';
import type { RunEvent } from '../run/events.ts';
import { forkState, type Fork } from '../run/fork.ts';
import { recover } from '../storage/recover.ts';
import type { LoadedRun, RunStore } from '../storage/run-store.ts';

/** From where on a run is done again, and with what. */
export interface ForkOptions {
  /** The node, or the nodes, that run anew with everything downstream of them. */
  readonly from: string | readonly string[];
  /** The id of the new run. Default: a new UUID. */
  readonly runId?: string;
  /** Inputs of the run, over those that it had. */
  readonly inputs?: JsonObject;
  /** Literal inputs for the nodes of `from`, over those that they had. */
  readonly nodeInputs?: JsonObject;
}

/** The values that a fork begins with: those of the run without what the nodes wrote that run anew. */
const keptCache = async (store: RunStore, loaded: LoadedRun, fork: Fork): Promise<Cache> => {
  const { topology } = (await recover(store, loaded, undefined)).state;
  const cache = Cache.fromJSON(loaded.cache);
  for await (const group of store.events(loaded.row.id)) {
    for (const event of group) {
      if (event.type === 'CacheUpdated')
        cache.insertGlobal(event.namespace, event.key, event.value);
      if (event.type !== 'NodeCompleted' || !fork.keeps(event.n)) continue;
      cache.setOutputs(topology.idOf(event.n), event.outputs);
      if (event.writes !== undefined) applyWrites(cache, event.writes);
    }
  }
  return cache;
};

/**
 * Stores a new run that begins with what another has done so far, but for some nodes. Nobody owns it yet.
 * @param mustSuit throws when the run could not go on, before anything is stored
 * @throws DaggerError RUN_UNKNOWN, INPUT_INVALID for an unknown node, RUN_CONFLICT when the id is taken, NOT_JSON
 */
export const storeFork = async (
  store: RunStore,
  parentId: string,
  runId: string,
  { from, inputs, nodeInputs }: ForkOptions,
  mustSuit: (topology: Topology) => void,
): Promise<void> => {
  const loaded = await store.load(parentId);
  const { graph, state } = await recover(store, loaded, undefined);
  const nodeIds = typeof from === 'string' ? [from] : [...from];
  const roots = nodeIds.map((id) => {
    const n = state.topology.numberOf(id);
    if (n === undefined)
      throw new DaggerError('INPUT_INVALID', `run '${parentId}' has no node '${id}'`, {
        ids: { runId: parentId, nodeId: id },
      });
    return n;
  });
  if (roots.length === 0)
    throw new DaggerError('INPUT_INVALID', 'a fork begins at one node at least');
  const own = nodeInputs === undefined ? undefined : (ownJson(nodeInputs) as JsonObject);
  const fork = forkState(state, roots, own);
  const forked = defineGraph({ ...graph.toJSON(), nodes: fork.definitions });
  mustSuit(Graph.topologyOf(forked));
  const cache = await keptCache(store, loaded, fork);
  for (const [name, value] of Object.entries(inputs ?? {}))
    cache.insert(RUN_INPUTS, name, ownJson(value));
  const at = store.clock.now();
  const first: RunEvent = {
    type: 'RunForked',
    at,
    from: parentId,
    nodes: nodeIds,
    // It takes as long as itself, not as long ago as the other one began.
    state: { ...fork.state, runStartedAt: at },
  };
  const created = await store.create(
    {
      runId,
      dag: loaded.row.dag,
      definition: Graph.textOf(forked),
      config: loaded.config,
      cache: cache.toJSON(),
      parent: { runId: parentId, nodeIds },
    },
    [first],
  );
  if (created === undefined)
    throw new DaggerError('RUN_CONFLICT', `there is a run '${runId}' already`, { ids: { runId } });
  await store.release(runId, created.fence);
};

const parsed = (text: string | null): JsonValue =>
  text === null ? null : (JSON.parse(text) as JsonValue);

/** Everything that storage holds of a run, for people who look for a mistake. */
export interface RunDump {
  /** The row of `dagger_runs`; its columns of JSON are JSON here, a large cache included. */
  readonly run: JsonObject;
  readonly definition: JsonValue;
  /** The events in their order, each with its number. */
  readonly events: readonly (RunEvent & { readonly seq: number })[];
  readonly inbox: readonly JsonObject[];
}

/** @throws DaggerError RUN_UNKNOWN */
export const dumpRun = async (store: RunStore, runId: string): Promise<RunDump> => {
  const { row, definition, config, cache } = await store.load(runId);
  const events: (RunEvent & { readonly seq: number })[] = [];
  for await (const group of store.events(runId))
    for (const event of group) events.push({ seq: events.length + 1, ...event });
  const inbox = await store.storage.db
    .selectFrom('dagger_inbox')
    .selectAll()
    .where('run_id', '=', runId)
    .orderBy('id')
    .execute();
  return {
    run: {
      ...row,
      config: { ...config },
      cache: cache as unknown as JsonObject,
      error: parsed(row.error),
      counts: parsed(row.counts),
    },
    definition: definition as unknown as JsonValue,
    events,
    inbox: inbox.map((message) => ({ ...message })),
  };
};
