import { Cache } from '../cache/cache.ts';
import type { DagConfig } from '../config/model.ts';
import { DaggerError } from '../errors.ts';
import { defineGraph, type Graph } from '../graph/graph.ts';
import { explainNode, type Explanation } from '../run/explain.ts';
import { nodeReport, RunReport, type NodeReport } from '../run/report.ts';
import type { RunState } from '../run/state.ts';
import { databaseInbox } from '../storage/inbox.ts';
import { readRun } from '../storage/recover.ts';
import type { RunFilter, StoredRun } from '../storage/run-store.ts';
import type { RunEnvironment } from './environment.ts';
import { explainCache } from './explain-cache.ts';
import type { LiveRuns } from './live-runs.ts';
import { pendingInputs, type PendingInput } from './pending-inputs.ts';
import type { Sessions } from './sessions.ts';

/** What can be read of a run as it stands: live here, stored, or remembered by an executor without storage. */
export class Readings {
  readonly #environment: RunEnvironment;
  readonly #live: LiveRuns;
  readonly #sessions: Sessions;

  constructor(environment: RunEnvironment, live: LiveRuns, sessions: Sessions) {
    this.#environment = environment;
    this.#live = live;
    this.#sessions = sessions;
  }

  /** The report of a run as it stands. @throws DaggerError RUN_UNKNOWN */
  async report(runId: string): Promise<RunReport> {
    const live = this.#live.get(runId);
    if (live !== undefined) return live.run.report().settle();
    const { store, clock } = this.#environment;
    if (store === undefined) return this.#sessions.known(runId).report as RunReport;
    const loaded = await store.load(runId);
    const { state, cache } = await readRun(store, loaded);
    return new RunReport({ runId, dag: loaded.row.dag }, state, cache, clock.now());
  }

  /** The commands for a run whose time has not come. @throws DaggerError RUN_UNKNOWN */
  async pendingInputs(runId: string): Promise<readonly PendingInput[]> {
    const live = this.#live.get(runId)?.run;
    const { store } = this.#environment;
    if (store === undefined)
      return pendingInputs(live?.state ?? this.#sessions.known(runId).state, []);
    // In this order a message that is taken up in between is told twice at worst, and never missed.
    const messages = await databaseInbox(store, runId).read();
    const state = live?.state ?? (await readRun(store, await store.load(runId))).state;
    return pendingInputs(state, messages);
  }

  /** The values of a run as they stand. @throws DaggerError RUN_UNKNOWN */
  async cache(runId: string): Promise<Cache> {
    const live = this.#live.get(runId)?.run;
    if (live !== undefined) return Cache.fromJSON(live.cache.toJSON());
    const { store } = this.#environment;
    if (store === undefined) return Cache.fromJSON(this.#sessions.known(runId).cache.toJSON());
    return (await readRun(store, await store.load(runId))).cache;
  }

  /** Why a node of a run is as it is. @throws DaggerError RUN_UNKNOWN */
  async explain(runId: string, nodeId: string): Promise<Explanation> {
    const { dagName, state, cache, config } = await this.#asItStands(runId);
    const n = state.topology.numberOf(nodeId);
    if (n === undefined) throw unknownNode(runId, nodeId);
    const { registry, store } = this.#environment;
    const storage = store?.storage;
    const more = await explainCache({ dagName, state, cache, n, registry, storage });
    return explainNode(runId, state, n, config, more);
  }

  async #asItStands(runId: string): Promise<{
    readonly dagName: string;
    readonly state: RunState;
    readonly cache: Cache;
    readonly config: DagConfig;
  }> {
    const live = this.#live.get(runId);
    if (live !== undefined) {
      const { dagName, state, cache, config } = live.run;
      return { dagName, state, cache, config };
    }
    const { store } = this.#environment;
    if (store === undefined) {
      const { graph, state, cache, config } = this.#sessions.known(runId);
      return { dagName: graph.name, state, cache, config };
    }
    const loaded = await store.load(runId);
    const { state, cache } = await readRun(store, loaded);
    return { dagName: loaded.row.dag, state, cache, config: loaded.config };
  }

  /** One node of a run as it stands: status, attempts, last error and so on. @throws DaggerError RUN_UNKNOWN, GRAPH_INVALID */
  async nodeState(runId: string, nodeId: string): Promise<NodeReport> {
    const live = this.#live.get(runId)?.run;
    const n = live?.state.topology.numberOf(nodeId);
    const found =
      live !== undefined && n !== undefined
        ? nodeReport(live.state, live.cache, n)
        : (await this.report(runId)).node(nodeId);
    if (found === undefined) throw unknownNode(runId, nodeId);
    return found;
  }

  /** The graph of a run with everything that it grew. @throws DaggerError RUN_UNKNOWN */
  async graph(runId: string): Promise<Graph> {
    const live = this.#live.get(runId);
    if (live !== undefined) return grown(live.graph, live.run.state);
    const { store } = this.#environment;
    const { graph, state } =
      store === undefined
        ? this.#sessions.known(runId)
        : await readRun(store, await store.load(runId));
    return grown(graph, state);
  }

  /** Stored runs, the most recent first; without storage those under way and remembered. */
  async list(filter: RunFilter = {}): Promise<StoredRun[]> {
    const { store, clock } = this.#environment;
    if (store !== undefined) return store.list(filter);
    const sessions = [...this.#sessions.entries()].map(
      ([runId, { state, report, graph }]): StoredRun => {
        const live =
          report ?? new RunReport({ runId, dag: graph.name }, state, new Cache(), clock.now());
        return {
          runId,
          dag: graph.name,
          status: live.status,
          createdAt: live.startedAt,
          finishedAt: live.finishedAt,
          error: live.error,
          counts: live.counts,
          owned: this.#live.has(runId),
          parent: null,
        };
      },
    );
    return sessions
      .filter(
        (run) =>
          (filter.runId === undefined || run.runId === filter.runId) &&
          (filter.dag === undefined || run.dag === filter.dag) &&
          (filter.status === undefined || run.status === filter.status),
      )
      .toSorted((a, b) => (a.createdAt < b.createdAt ? 1 : -1))
      .slice(0, filter.limit ?? 50);
  }
}

const unknownNode = (runId: string, nodeId: string): DaggerError =>
  new DaggerError('RUN_UNKNOWN', `run '${runId}' has no node '${nodeId}'`, {
    ids: { runId, nodeId },
  });

const grown = (graph: Graph, state: RunState): Graph =>
  defineGraph({ ...graph.toJSON(), nodes: state.topology.definitions });
