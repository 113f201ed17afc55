import { Cache } from '../cache/cache.ts';
import type { GlobalWrite } from '../cache/view.ts';
import { DaggerError } from '../errors.ts';
import { defineGraph, Graph } from '../graph/graph.ts';
import { RUN_INPUTS } from '../graph/reference.ts';
import type { Topology } from '../graph/topology.ts';
import { ownJson, type JsonObject, type JsonValue } from '../json.ts';
import type { RunEvent, SharedWrites } from '../run/events.ts';
import { forkState, type Fork } from '../run/fork.ts';
import type { RunState } from '../run/state.ts';
import { readRun } from '../storage/recover.ts';
import { unknownRun, type LoadedRun, type RunStore } from '../storage/run-store.ts';

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

/** What a fork begins with: the values of the run, without what the nodes wrote that run anew. */
const keptValues = async (
  store: RunStore,
  { row, cache: first }: LoadedRun,
  state: RunState,
  fork: Fork,
): Promise<{ readonly cache: Cache; readonly shared: readonly SharedWrites[] }> => {
  const { topology } = state;
  const cache = Cache.fromJSON(first);
  const shared: SharedWrites[] = [];
  const share = (n: number | null, writes: readonly GlobalWrite[]): void => {
    const by = n === null ? null : fork.numberOf(n);
    if (by !== undefined) shared.push([by, writes]);
  };
  // The first values of a fork are also those of nodes, which may run anew by now.
  if (row.parent_run !== null)
    for (let n = 0; n < topology.count; n++)
      if (fork.numberOf(n) === undefined) cache.clearNode(topology.idOf(n));
  let seq = 0;
  for await (const group of store.events(row.id)) {
    for (const event of group) {
      // Whatever came since, the state that is kept does not know of.
      if (++seq > state.seq) return { cache, shared };
      if (event.type === 'RunForked')
        for (const [n, writes] of event.shared ?? []) share(n, writes);
      if (event.type === 'CacheUpdated') {
        const { namespace, key, value } = event;
        share(null, [{ op: 'set', namespace, key, value }]);
      }
      if (event.type !== 'NodeCompleted') continue;
      if (fork.numberOf(event.n) !== undefined)
        cache.setOutputs(topology.idOf(event.n), event.outputs);
      if (event.writes !== undefined) share(event.n, event.writes);
    }
  }
  return { cache, shared };
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
  const { graph, state } = await readRun(store, loaded);
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
  const { cache, shared } = await keptValues(store, loaded, state, fork);
  // Deleted meanwhile, it may have been read in part.
  if ((await store.row(parentId)) === undefined) throw unknownRun(parentId, store.storage);
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
    ...(shared.length === 0 ? {} : { shared }),
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
