import { silentLogger } from '../actions/logger.ts';
import type { ActionRegistry } from '../actions/registry.ts';
import { Cache } from '../cache/cache.ts';
import { systemClock, type Clock } from '../clock.ts';
import { mergeConfig } from '../config/merge.ts';
import type { DagConfig } from '../config/model.ts';
import { checkBounds } from '../coordinator/coordinator.ts';
import { LiveRun } from '../coordinator/live-run.ts';
import { memoryMemo } from '../coordinator/memo.ts';
import { StartOrder } from '../coordinator/start-order.ts';
import { checkDepth, checkNodeCount } from '../coordinator/size-limits.ts';
import { DaggerError } from '../errors.ts';
import { Depths } from '../graph/depth.ts';
import { checkActions } from '../graph/known-actions.ts';
import type { Problems } from '../graph/compile.ts';
import { GraphInvalidError } from '../graph/diagnostic.ts';
import { defineGraph, Graph } from '../graph/graph.ts';
import { RUN_INPUTS } from '../graph/reference.ts';
import type { Topology } from '../graph/topology.ts';
import type { EventHook } from '../hooks/hook.ts';
import { systemIds, type Ids } from '../ids.ts';
import { ownJson, type JsonObject } from '../json.ts';
import { nodeReport, RunReport, type NodeReport } from '../run/report.ts';
import { explainNode, type Explanation } from '../run/explain.ts';
import { RunState } from '../run/state.ts';
import type { RunEvent } from '../run/events.ts';
import type { ExecutorCommand } from '../run/commands.ts';
import type { NumberedEvent } from '../run/public-events.ts';
import type { RunStatus } from '../run/status.ts';
import { databaseInbox, type InboxMessage } from '../storage/inbox.ts';
import { DatabaseJournal } from '../storage/database-journal.ts';
import type { MemoStore } from '../storage/journal.ts';
import { saveSnapshot, type SavedSnapshot } from '../storage/snapshots.ts';
import { prune } from '../storage/prune.ts';
import { readRun, recover, type RecoveredRun } from '../storage/recover.ts';
import {
  checkRetention,
  NOTHING_PRUNED,
  type Pruned,
  type RetentionPolicy,
} from '../storage/retention.ts';
import {
  isOwned,
  type LoadedRun,
  type RunFilter,
  type RunStore,
  type StoredRun,
} from '../storage/run-store.ts';
import { Caretaker } from './caretaker.ts';
import { checkSupervisor, withAction, withHook } from '../supervisor/supervise.ts';
import { finishedHandle, handleOf, type RunHandle } from './handle.ts';
import { mustTakeCommands, type Delivery } from './delivery.ts';
import { applyOutside, leaveCommand, outsideEvent } from './outside-commands.ts';
import { pendingInputs, type PendingInput } from './pending-inputs.ts';
import { explainCache } from './explain-cache.ts';
import { storeFork, type ForkOptions } from './history.ts';
import { readDurations } from '../storage/durations.ts';
import { byPath, learn, learnedBody, slotsOf } from './learning.ts';
import type { ExecutorOptions, ResumeOptions, RunOptions, SendOptions } from './options.ts';
import { Sessions, type Session } from './sessions.ts';

const MEMOS_IN_MEMORY = 10_000;

/** The runs of an executor: opens them, finds them again, lets go of them. One id is one run. */
export class Runs {
  readonly #registry: ActionRegistry;
  readonly #options: ExecutorOptions;
  readonly #clock: Clock;
  readonly #ids: Ids;
  readonly #config: DagConfig;
  readonly #store: RunStore | undefined;
  readonly #memo: MemoStore;
  readonly #live: Map<
    string,
    { readonly run: LiveRun; readonly graph: Graph; readonly journal: DatabaseJournal | undefined }
  > = new Map();
  readonly #opening: Map<string, Promise<RunHandle>> = new Map();
  readonly #sessions: Sessions = new Sessions();
  readonly #caretaker: Caretaker | undefined;
  #closed = false;

  constructor(options: ExecutorOptions, store: RunStore | undefined) {
    checkSupervisor(options.supervisor);
    this.#registry = withAction(options.registry, options.supervisor);
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#ids = options.ids ?? systemIds;
    this.#config = mergeConfig(options.config);
    this.#store = store;
    this.#memo = store?.memo ?? memoryMemo(MEMOS_IN_MEMORY);
    const { retention, logger = silentLogger } = options;
    if (store !== undefined && retention !== undefined)
      this.#caretaker = new Caretaker(store.storage, this.#clock, retention, logger);
    this.#caretaker?.ask();
  }

  /**
   * Opens a new run, or the one that the id names already.
   * @param handleFirst the caller gets the handle before the run begins, so that it can watch from the first event on
   */
  async open(graph: Graph, options: RunOptions, handleFirst: boolean): Promise<RunHandle> {
    this.#mustBeOpen();
    checkBounds(options);
    checkSupervisor(options.supervisor);
    checkInputs(options.inputs);
    const { runId } = options;
    if (runId === undefined) {
      const fresh = this.#ids.runId();
      return this.#once(fresh, () => this.#startNew(graph, fresh, options, handleFirst));
    }
    checkRunId(runId);
    const opening = this.#opening.get(runId);
    const live = this.#live.get(runId)?.run ?? (opening === undefined ? undefined : await opening);
    if (live !== undefined) refuseOtherDag(runId, live.dagName, graph.name);
    return this.#once(
      runId,
      async () =>
        (await this.#existing(runId, graph.name, options)) ??
        this.#startNew(graph, runId, options, handleFirst),
    );
  }

  /** Goes on with a run. @throws DaggerError RUN_UNKNOWN, RUN_OWNED */
  async resume(runId: string, options: ResumeOptions): Promise<RunHandle> {
    this.#mustBeOpen();
    checkBounds(options);
    checkSupervisor(options.supervisor);
    return this.#once(runId, () =>
      this.#store === undefined
        ? this.#resumeSession(runId, options)
        : this.#resumeStored(this.#store, runId, options),
    );
  }

  /** The report of a run as it stands. @throws DaggerError RUN_UNKNOWN */
  async report(runId: string): Promise<RunReport> {
    const live = this.#live.get(runId);
    if (live !== undefined) return live.run.report().settle();
    if (this.#store === undefined) return this.#session(runId).report as RunReport;
    const loaded = await this.#store.load(runId);
    const { state, cache } = await readRun(this.#store, loaded);
    return new RunReport({ runId, dag: loaded.row.dag }, state, cache, this.#clock.now());
  }

  /**
   * Sends a command to a run, whoever works on it, and also when nobody does.
   * @throws DaggerError RUN_UNKNOWN, COMMAND_REJECTED
   */
  async send(runId: string, command: ExecutorCommand, options: SendOptions): Promise<Delivery> {
    for (;;) {
      this.#mustBeOpen();
      // A run that is just being opened is there in a moment.
      await this.#opening.get(runId)?.catch(() => {});
      const live = this.#live.get(runId)?.run;
      if (live === undefined) {
        const standing = await this.#standing(runId);
        // Whoever takes the run up meanwhile takes the command too.
        if (!this.#live.has(runId) && !this.#opening.has(runId))
          return this.#sendToStored(runId, command, standing, options);
      } else {
        if (await live.offer(command)) return 'applied';
        await live.done.catch(() => {});
      }
    }
  }

  /** Sends a command to a run on which this executor does not work. */
  async #sendToStored(
    runId: string,
    command: ExecutorCommand,
    { status, owned }: { readonly status: RunStatus; readonly owned: boolean },
    options: SendOptions,
  ): Promise<Delivery> {
    mustTakeCommands(runId, status);
    if (command?.type === 'CancelRun' && (await this.#conclude(runId, command))) return 'applied';
    if (command?.type === 'PauseRun' && status === 'paused' && !owned) return 'applied';
    if (this.#store === undefined) return this.#sendToSession(runId, command);
    const { waitMs = 0 } = options;
    const nonce = this.#ids.runId();
    return leaveCommand(this.#store, this.#registry, runId, command, { nonce, waitMs });
  }

  /** The commands for a run whose time has not come. @throws DaggerError RUN_UNKNOWN */
  async pendingInputs(runId: string): Promise<readonly PendingInput[]> {
    const live = this.#live.get(runId)?.run;
    if (this.#store === undefined)
      return pendingInputs(live?.state ?? this.#session(runId).state, []);
    // In this order a message that is taken up in between is told twice at worst, and never missed.
    const messages = await databaseInbox(this.#store, runId).read();
    const state = live?.state ?? (await readRun(this.#store, await this.#store.load(runId))).state;
    return pendingInputs(state, messages);
  }

  /** @throws DaggerError RUN_UNKNOWN */
  async #standing(runId: string): Promise<{ readonly status: RunStatus; readonly owned: boolean }> {
    if (this.#store === undefined)
      return { status: this.#session(runId).state.finished?.status ?? 'running', owned: false };
    const { row } = await this.#store.load(runId);
    return { status: row.status as RunStatus, owned: isOwned(row, this.#clock.now()) };
  }

  /** A run in memory that nobody works on changes at once. */
  #sendToSession(runId: string, command: ExecutorCommand): Delivery {
    const { report, state, config, cache } = this.#session(runId);
    const event = outsideEvent(command, state, config, this.#registry, this.#clock.now());
    // The report that was given out tells of what was.
    report?.settle();
    applyOutside(event, state, runId);
    if (event.type === 'CacheUpdated') cache.insertGlobal(event.namespace, event.key, event.value);
    return 'stored';
  }

  /** Cancels a run that nobody works on; false when somebody does. */
  async #conclude(runId: string, command: ExecutorCommand): Promise<boolean> {
    const store = this.#store;
    try {
      const last: InboxMessage = { id: '', at: this.#clock.now(), command };
      const handle = await this.#once(runId, () =>
        store === undefined
          ? this.#resumeSession(runId, {}, last)
          : this.#resumeStored(store, runId, {}, last),
      );
      await handle.done;
      return true;
    } catch (error) {
      if (error instanceof DaggerError && error.code === 'RUN_OWNED') return false;
      throw error;
    }
  }

  /** @throws DaggerError CONFIG_INVALID without storage */
  stored(what: string): RunStore {
    this.#mustBeOpen();
    if (this.#store !== undefined) return this.#store;
    throw new DaggerError('CONFIG_INVALID', `${what} needs storage, and this executor has none`);
  }

  /** Makes a run out of another and starts it. @throws DaggerError see `storeFork` */
  async fork(parentId: string, fork: ForkOptions, options: ResumeOptions): Promise<RunHandle> {
    checkBounds(options);
    checkSupervisor(options.supervisor);
    const runId = fork.runId ?? this.#ids.runId();
    checkRunId(runId);
    checkInputs(fork.inputs);
    await storeFork(this.stored('a fork'), parentId, runId, fork, (topology) =>
      this.#checkActions(topology, this.#registryFor(options)),
    );
    return this.resume(runId, options);
  }

  /** Writes a snapshot of a run as it is durable now. @throws DaggerError RUN_UNKNOWN, CONFIG_INVALID without storage */
  async saveSnapshot(runId: string): Promise<SavedSnapshot> {
    const store = this.stored('a snapshot');
    const live = this.#live.get(runId)?.run;
    const saved = await live?.saveSnapshot();
    if (saved !== undefined) return saved;
    this.#mustBeOpen();
    const loaded = await store.load(runId);
    const { state, cache, unseen } = await readRun(store, loaded);
    const { created_at: createdAt } = loaded.row;
    return saveSnapshot(
      store,
      { runId, createdAt },
      {
        state: state.snapshot(),
        cache: cache.toJSON(),
        unseen,
      },
    );
  }

  /** The values of a run as they stand. @throws DaggerError RUN_UNKNOWN */
  async cache(runId: string): Promise<Cache> {
    const live = this.#live.get(runId)?.run;
    if (live !== undefined) return Cache.fromJSON(live.cache.toJSON());
    if (this.#store === undefined) return Cache.fromJSON(this.#session(runId).cache.toJSON());
    return (await readRun(this.#store, await this.#store.load(runId))).cache;
  }

  /** Why a node of a run is as it is. @throws DaggerError RUN_UNKNOWN */
  async explain(runId: string, nodeId: string): Promise<Explanation> {
    const { dagName, state, cache, config } = await this.#asItStands(runId);
    const n = state.topology.numberOf(nodeId);
    if (n === undefined) throw unknownNode(runId, nodeId);
    const more = await explainCache({
      dagName,
      state,
      cache,
      n,
      registry: this.#registry,
      storage: this.#store?.storage,
    });
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
    if (this.#store === undefined) {
      const { graph, state, cache, config } = this.#session(runId);
      return { dagName: graph.name, state, cache, config };
    }
    const loaded = await this.#store.load(runId);
    const { state, cache } = await readRun(this.#store, loaded);
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
    const { graph, state } =
      this.#store === undefined
        ? this.#session(runId)
        : await readRun(this.#store, await this.#store.load(runId));
    return grown(graph, state);
  }

  /** Stored runs, the most recent first; without storage those under way and remembered. */
  async list(filter: RunFilter = {}): Promise<StoredRun[]> {
    if (this.#store !== undefined) return this.#store.list(filter);
    const sessions = [...this.#sessions.entries()].map(
      ([runId, { state, report, graph }]): StoredRun => {
        const live =
          report ??
          new RunReport({ runId, dag: graph.name }, state, new Cache(), this.#clock.now());
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

  /** Deletes what a policy gives up. @throws DaggerError CONFIG_INVALID */
  async prune(policy: RetentionPolicy): Promise<Pruned> {
    this.#mustBeOpen();
    checkRetention(policy);
    return this.#store === undefined
      ? NOTHING_PRUNED
      : prune(this.#store.storage, this.#clock, policy);
  }

  /** Lets go of every run without ending it; gives what went wrong. */
  async letGo(): Promise<unknown[]> {
    this.#closed = true;
    const failures: unknown[] = [];
    const idle = this.#caretaker?.close();
    const live = [...this.#live.values()];
    this.#live.clear();
    for (const { run } of live) run.letGo();
    const released = await Promise.allSettled(live.map(async ({ journal }) => journal?.release()));
    for (const result of released) if (result.status === 'rejected') failures.push(result.reason);
    // What is being opened gives its claim back, as long as there is a storage to tell.
    await Promise.allSettled(this.#opening.values());
    await idle;
    return failures;
  }

  #mustBeOpen(): void {
    if (this.#closed) throw new DaggerError('EXECUTOR_CLOSED', 'the executor was closed');
  }

  /** A run that was claimed while the executor was being closed does not begin. @throws DaggerError EXECUTOR_CLOSED */
  async #giveBack(runId: string, fence: number | undefined): Promise<void> {
    if (fence !== undefined) await this.#store?.release(runId, fence);
    this.#mustBeOpen();
  }

  /** Two calls with one run id get one run: that of the first, with its hooks and its signal. */
  async #once(runId: string, open: () => Promise<RunHandle>): Promise<RunHandle> {
    const live = this.#live.get(runId);
    if (live !== undefined) return this.#handle(live.run);
    const opening = this.#opening.get(runId) ?? open().finally(() => this.#opening.delete(runId));
    this.#opening.set(runId, opening);
    return opening;
  }

  /** The run that an id already names, going on if it is unfinished; undefined when the id is new. */
  async #existing(runId: string, dag: string, options: RunOptions): Promise<RunHandle | undefined> {
    const known =
      this.#store === undefined ? this.#sessions.get(runId) : await this.#store.row(runId);
    if (known === undefined) return undefined;
    const name = 'graph' in known ? known.graph.name : known.dag;
    const status = 'graph' in known ? (known.state.finished?.status ?? 'running') : known.status;
    refuseOtherDag(runId, name, dag);
    if (status === 'running' || status === 'paused')
      return this.#store === undefined
        ? this.#resumeSession(runId, options)
        : this.#resumeStored(this.#store, runId, options);
    return finishedHandle(await this.report(runId));
  }

  async #startNew(
    graph: Graph,
    runId: string,
    options: RunOptions,
    handleFirst: boolean,
  ): Promise<RunHandle> {
    this.#checkActions(Graph.topologyOf(graph), this.#registryFor(options));
    const config =
      Object.keys(graph.config).length === 0
        ? this.#config
        : mergeConfig(this.#config, graph.config);
    const topology = Graph.topologyOf(graph);
    checkNodeCount(config, topology.count);
    checkDepth(config, topology, 0, new Depths());
    const cache = options.cache ?? new Cache(this.#options.cacheLimits);
    cache.keepWhile((space) => space === RUN_INPUTS);
    if (options.inputs !== undefined) {
      for (const [name, value] of Object.entries(ownJson(options.inputs) as JsonObject))
        if (value !== undefined) cache.insert(RUN_INPUTS, name, value);
    }
    const state = new RunState(topology, config);
    let fence: number | undefined;
    let createdAt: number | undefined;
    let learned: string | undefined;
    if (this.#store !== undefined) {
      const nodes = topology.count;
      learned = await learnedBody(this.#store, graph.name, { config, options, nodes });
      const created = await this.#store.create({
        runId,
        dag: graph.name,
        definition: Graph.textOf(graph),
        config,
        cache: cache.toJSON(),
      });
      // Another process was faster with the same id.
      if (created === undefined) return this.#resumeStored(this.#store, runId, options);
      ({ fence, createdAt } = created);
    }
    if (this.#closed) await this.#giveBack(runId, fence);
    const first: RunEvent = {
      type: 'RunStarted',
      at: this.#clock.now(),
      hooked: this.#hooksFor(options, topology).length > 0,
    };
    return this.#go({
      runId,
      graph,
      config,
      state,
      cache,
      fence,
      createdAt,
      learned,
      unseen: [],
      first,
      options,
      handleFirst,
    });
  }

  /** @param last like that of `#resumeStored` */
  async #resumeSession(
    runId: string,
    options: ResumeOptions,
    last?: InboxMessage,
  ): Promise<RunHandle> {
    const session = this.#session(runId);
    const { graph, config, state, cache, report } = session;
    if (report?.status === 'succeeded') return finishedHandle(report);
    // The earlier report tells of the earlier session.
    report?.settle();
    this.#sessions.reopened(session);
    const first: RunEvent = {
      type: 'RunResumed',
      at: this.#clock.now(),
      hooked: this.#hooksFor(options, state.topology).length > 0,
      retry: last === undefined && state.retriesOnResume,
    };
    return this.#go({
      runId,
      graph,
      config,
      state,
      cache,
      fence: undefined,
      unseen: session.unseen,
      first,
      ...(last === undefined ? {} : { messages: [last] }),
      options,
      handleFirst: true,
    });
  }

  /** @param last a command that the session begins with, to end the run: no action will run */
  async #resumeStored(
    store: RunStore,
    runId: string,
    options: ResumeOptions,
    last?: InboxMessage,
  ): Promise<RunHandle> {
    const row = await store.row(runId);
    if (row?.status === 'succeeded') return finishedHandle(await this.report(runId));
    const loaded = await store.load(runId);
    const { fence } = await store.claim(runId);
    const known = last === undefined ? this.#registryFor(options) : undefined;
    const recovered = await this.#recoverClaimed(store, loaded, fence, known);
    const { graph, state, cache, unseen } = recovered;
    // Another process may have brought it to its end before the claim.
    const ended = state.finished?.status;
    if (
      ended === 'succeeded' ||
      (ended !== undefined && ended !== 'paused' && last !== undefined)
    ) {
      await store.release(runId, fence);
      if (last !== undefined) mustTakeCommands(runId, ended);
      return finishedHandle(await this.report(runId));
    }
    const messages = await databaseInbox(store, runId).read();
    const { config } = loaded;
    const nodes = state.nodeCount;
    const learned = await learnedBody(store, graph.name, { config, options, nodes });
    if (this.#closed) await this.#giveBack(runId, fence);
    const at = this.#clock.now();
    const hooked = this.#hooksFor(options, state.topology).length > 0;
    // Nothing may be committed but the run itself.
    const first: RunEvent =
      state.seq === 0
        ? { type: 'RunStarted', at, hooked }
        : {
            type: 'RunResumed',
            at,
            hooked,
            retry: last === undefined && state.retriesOnResume,
          };
    return this.#go({
      runId,
      graph,
      config,
      state,
      cache,
      fence,
      createdAt: loaded.row.created_at,
      learned,
      unseen,
      first,
      messages: last === undefined ? messages : [...messages, last],
      options,
      handleFirst: true,
    });
  }

  /**
   * Reads the journal of a run that this process has just claimed; gives the claim back when that fails.
   * @param registry what the actions of the run must be in; absent when none will run
   */
  async #recoverClaimed(
    store: RunStore,
    loaded: LoadedRun,
    fence: number,
    registry: ActionRegistry | undefined,
  ): Promise<RecoveredRun> {
    try {
      const recovered = await recover(store, loaded, this.#options.cacheLimits);
      if (registry !== undefined) this.#checkActions(recovered.state.topology, registry);
      return recovered;
    } catch (error) {
      await store.release(loaded.row.id, fence);
      throw error;
    }
  }

  #go(request: {
    readonly runId: string;
    readonly graph: Graph;
    readonly config: DagConfig;
    readonly state: RunState;
    readonly cache: Cache;
    readonly fence: number | undefined;
    /** When the run was stored; absent without storage. */
    readonly createdAt?: number | undefined;
    /** The row of what earlier runs of the graph taught. */
    readonly learned?: string | undefined;
    readonly unseen: readonly NumberedEvent[];
    readonly first: RunEvent;
    readonly messages?: readonly InboxMessage[];
    readonly options: RunOptions;
    readonly handleFirst: boolean;
  }): RunHandle {
    const { runId, graph, config, state, cache, options, createdAt = 0 } = request;
    const order = new StartOrder({
      state,
      registry: this.#registry,
      defined: Graph.topologyOf(graph).count,
      byPath: byPath(config, options),
      learned: () => readDurations(request.learned),
    });
    const store = this.#store;
    let journal: DatabaseJournal | undefined;
    if (store !== undefined && request.fence !== undefined) {
      journal = new DatabaseJournal({
        store,
        runId,
        fence: request.fence,
        nextSeq: state.seq + 1,
        reopens: state.finished !== undefined,
        idOf: (n) => state.topology.idOf(n),
        counts: () => ({ ...run.report().counts }),
        concluded: async (status) => {
          if (status === 'succeeded') await learn(store, graph.name, state, order);
        },
        lost: (error) => run.letGo(error),
      });
    }
    const run: LiveRun = new LiveRun({
      identity: { runId, dagName: graph.name },
      state,
      cache,
      config,
      registry: this.#registryFor(options),
      clock: this.#clock,
      ids: this.#ids,
      logger: this.#options.logger ?? silentLogger,
      appData: this.#options.appData,
      hooks: this.#hooksFor(options, state.topology),
      slots: slotsOf(config, options),
      order,
      eventCapacity: options.eventCapacity ?? 100,
      commandCapacity: options.commandCapacity ?? 100,
      journal,
      inbox: journal && this.#store && databaseInbox(this.#store, runId),
      memo: this.#memo,
      saveSnapshot:
        store === undefined || journal === undefined
          ? undefined
          : (snapshot) => saveSnapshot(store, { runId, createdAt }, snapshot),
      unseen: request.unseen,
    });
    this.#live.set(runId, { run, graph, journal });
    const session: Session = { graph, config, state, cache, report: undefined, unseen: [] };
    if (this.#store === undefined) this.#sessions.open(runId, session);
    const forget = (report?: RunReport): void => {
      this.#live.delete(runId);
      session.unseen = run.unseen;
      if (report !== undefined && this.#store === undefined) this.#sessions.ended(session, report);
      this.#caretaker?.ask();
    };
    run.done.then(forget, () => forget());
    // The handle reaches the caller before the first event, so that watchers miss none.
    if (request.handleFirst)
      setImmediate(() => run.ended || run.start(request.first, options.signal, request.messages));
    else run.start(request.first, options.signal, request.messages);
    return this.#handle(run);
  }

  /** With a limited cache, what the report shows is read from the journal: the cache may have had to drop it. */
  #handle(run: LiveRun): RunHandle {
    const limited = this.#store !== undefined && this.#options.cacheLimits !== undefined;
    if (!limited) return handleOf(run);
    // The run is over, whatever becomes of reading it; then the report shows what the cache still has.
    const done = run.done.then((report) => this.report(run.runId).catch(() => report));
    done.catch(() => {});
    return handleOf(run, done);
  }

  #session(runId: string): Session {
    const session = this.#sessions.get(runId);
    if (session === undefined)
      throw new DaggerError(
        'RUN_UNKNOWN',
        `there is no run '${runId}' in the memory of this executor`,
        { ids: { runId } },
      );
    return session;
  }

  #registryFor({ supervisor }: ResumeOptions): ActionRegistry {
    if (supervisor === undefined || supervisor === this.#options.supervisor) return this.#registry;
    return withAction(this.#options.registry, supervisor);
  }

  #hooksFor({ hooks = [], supervisor }: ResumeOptions, topology: Topology): readonly EventHook[] {
    return withHook(hooks, supervisor ?? this.#options.supervisor, topology);
  }

  #checkActions(topology: Topology, registry: ActionRegistry): void {
    if (!topology.hasHandlers && topology.actionNames.every((name) => registry.contains(name)))
      return;
    const problems: Problems = [];
    checkActions(topology.definitions, 0, problems, registry);
    if (problems.length > 0) throw new GraphInvalidError(problems);
  }
}

const unknownNode = (runId: string, nodeId: string): DaggerError =>
  new DaggerError('RUN_UNKNOWN', `run '${runId}' has no node '${nodeId}'`, {
    ids: { runId, nodeId },
  });

/** @throws DaggerError RUN_CONFLICT when the id names a run of another graph */
const refuseOtherDag = (runId: string, known: string, wanted: string): void => {
  if (known === wanted) return;
  throw new DaggerError(
    'RUN_CONFLICT',
    `run '${runId}' is a run of '${known}', not of '${wanted}'`,
    {
      ids: { runId, dag: wanted },
    },
  );
};

/** @throws DaggerError INPUT_INVALID */
const checkRunId = (runId: unknown): void => {
  if (
    typeof runId === 'string' &&
    runId !== '' &&
    runId.length <= 256 &&
    !runId.includes('\0') &&
    !/[\ud800-\udfff]/u.test(runId)
  )
    return;
  throw new DaggerError(
    'INPUT_INVALID',
    'a run id is a well-formed string of 1 to 256 characters without NUL',
  );
};

/** @throws DaggerError INPUT_INVALID */
const checkInputs = (inputs: unknown): void => {
  if (
    inputs === undefined ||
    (typeof inputs === 'object' && inputs !== null && !Array.isArray(inputs))
  )
    return;
  throw new DaggerError(
    'INPUT_INVALID',
    'the inputs of a run are an object: values by their names',
  );
};

const grown = (graph: Graph, state: RunState): Graph =>
  defineGraph({ ...graph.toJSON(), nodes: state.topology.definitions });
