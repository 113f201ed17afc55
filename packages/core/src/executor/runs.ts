import { silentLogger } from '../actions/logger.ts';
import type { ActionRegistry } from '../actions/registry.ts';
import { Cache } from '../cache/cache.ts';
import { systemClock, type Clock } from '../clock.ts';
import { mergeConfig } from '../config/merge.ts';
import type { DagConfig } from '../config/model.ts';
import { checkBounds } from '../coordinator/coordinator.ts';
import { LiveRun } from '../coordinator/live-run.ts';
import { memoryMemo } from '../coordinator/memo.ts';
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
import { RunState } from '../run/state.ts';
import type { RunEvent } from '../run/events.ts';
import type { ExecutorCommand } from '../run/commands.ts';
import type { NumberedEvent } from '../run/public-events.ts';
import type { RunStatus } from '../run/status.ts';
import { databaseInbox, type InboxMessage } from '../storage/inbox.ts';
import { DatabaseJournal } from '../storage/database-journal.ts';
import type { MemoStore } from '../storage/journal.ts';
import { recover, type RecoveredRun } from '../storage/recover.ts';
import type { LoadedRun, RunFilter, RunStore, StoredRun } from '../storage/run-store.ts';
import { checkSupervisor, withAction, withHook } from '../supervisor/supervise.ts';
import { finishedHandle, handleOf, type RunHandle } from './handle.ts';
import { leaveCommand, mustTakeCommands, outsideEvent, type Delivery } from './outside-commands.ts';
import type { ExecutorOptions, ResumeOptions, RunOptions } from './options.ts';
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
    if (runId === undefined) return this.#startNew(graph, this.#ids.runId(), options, handleFirst);
    if (
      typeof runId !== 'string' ||
      runId === '' ||
      runId.length > 256 ||
      /[\ud800-\udfff]/u.test(runId)
    )
      throw new DaggerError(
        'INPUT_INVALID',
        'a run id is a well-formed string of 1 to 256 characters',
      );
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
    const { state, cache } = await recover(this.#store, loaded, undefined);
    return new RunReport({ runId, dag: loaded.row.dag }, state, cache, this.#clock.now());
  }

  /**
   * Sends a command to a run, whoever works on it, and also when nobody does.
   * @throws DaggerError RUN_UNKNOWN, COMMAND_REJECTED
   */
  async send(runId: string, command: ExecutorCommand): Promise<Delivery> {
    this.#mustBeOpen();
    const live = this.#live.get(runId)?.run;
    if (live !== undefined) {
      await live.send(command);
      return 'applied';
    }
    if (this.#store === undefined) return this.#sendToSession(runId, command);
    if (command.type === 'CancelRun' && (await this.#conclude(this.#store, runId, command)))
      return 'applied';
    return leaveCommand(this.#store, this.#registry, runId, command, this.#ids.runId());
  }

  /** A run in memory that nobody works on changes at once. */
  #sendToSession(runId: string, command: ExecutorCommand): Delivery {
    const { report, state, config, cache } = this.#session(runId);
    mustTakeCommands(runId, state.finished?.status ?? 'running');
    const event = outsideEvent(command, state, config, this.#registry, this.#clock.now());
    // The report that was given out tells of what was.
    report?.settle();
    state.apply(event);
    if (event.type === 'CacheUpdated') cache.insertGlobal(event.namespace, event.key, event.value);
    return 'stored';
  }

  /** Cancels a run that nobody works on; false when somebody does. */
  async #conclude(store: RunStore, runId: string, command: ExecutorCommand): Promise<boolean> {
    mustTakeCommands(runId, (await store.load(runId)).row.status as RunStatus);
    try {
      const last: InboxMessage = { id: '', command };
      await (
        await this.#once(runId, () => this.#resumeStored(store, runId, {}, last))
      ).done;
      return true;
    } catch (error) {
      if (error instanceof DaggerError && error.code === 'RUN_OWNED') return false;
      throw error;
    }
  }

  /** One node of a run as it stands: status, attempts, last error and so on. @throws DaggerError RUN_UNKNOWN, GRAPH_INVALID */
  async nodeState(runId: string, nodeId: string): Promise<NodeReport> {
    const live = this.#live.get(runId)?.run;
    const n = live?.state.topology.numberOf(nodeId);
    const found =
      live !== undefined && n !== undefined
        ? nodeReport(live.state, live.cache, n)
        : (await this.report(runId)).node(nodeId);
    if (found === undefined)
      throw new DaggerError('RUN_UNKNOWN', `run '${runId}' has no node '${nodeId}'`, {
        ids: { runId, nodeId },
      });
    return found;
  }

  /** The graph of a run with everything that it grew. @throws DaggerError RUN_UNKNOWN */
  async graph(runId: string): Promise<Graph> {
    const live = this.#live.get(runId);
    if (live !== undefined) return grown(live.graph, live.run.state);
    const { graph, state } =
      this.#store === undefined
        ? this.#session(runId)
        : await recover(this.#store, await this.#store.load(runId), undefined);
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
        };
      },
    );
    return sessions
      .filter(
        (run) =>
          (filter.dag === undefined || run.dag === filter.dag) &&
          (filter.status === undefined || run.status === filter.status),
      )
      .toSorted((a, b) => (a.createdAt < b.createdAt ? 1 : -1))
      .slice(0, filter.limit ?? 50);
  }

  /** Lets go of every run without ending it; gives what went wrong. */
  async letGo(): Promise<unknown[]> {
    this.#closed = true;
    const failures: unknown[] = [];
    for (const { run, journal } of this.#live.values()) {
      run.letGo();
      try {
        await journal?.release();
      } catch (error) {
        failures.push(error);
      }
    }
    this.#live.clear();
    return failures;
  }

  #mustBeOpen(): void {
    if (this.#closed) throw new DaggerError('EXECUTOR_CLOSED', 'the executor was closed');
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
    if (this.#store !== undefined) {
      const created = await this.#store.create({
        runId,
        dag: graph.name,
        definition: Graph.textOf(graph),
        config,
        cache: cache.toJSON(),
      });
      // Another process was faster with the same id.
      if (created === undefined) return this.#resumeStored(this.#store, runId, options);
      fence = created.fence;
    }
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
      unseen: [],
      first,
      options,
      handleFirst,
    });
  }

  async #resumeSession(runId: string, options: ResumeOptions): Promise<RunHandle> {
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
      retry: state.retriesOnResume,
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
    const messages = await databaseInbox(store, runId).read();
    const { graph, state, cache, unseen } = recovered;
    const at = this.#clock.now();
    const hooked = this.#hooksFor(options, state.topology).length > 0;
    // Nothing may be committed but the run itself.
    const first: RunEvent =
      state.seq === 0
        ? { type: 'RunStarted', at, hooked }
        : { type: 'RunResumed', at, hooked, retry: state.retriesOnResume };
    return this.#go({
      runId,
      graph,
      config: loaded.config,
      state,
      cache,
      fence,
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
    readonly unseen: readonly NumberedEvent[];
    readonly first: RunEvent;
    readonly messages?: readonly InboxMessage[];
    readonly options: RunOptions;
    readonly handleFirst: boolean;
  }): RunHandle {
    const { runId, graph, config, state, cache, options } = request;
    let journal: DatabaseJournal | undefined;
    if (this.#store !== undefined && request.fence !== undefined) {
      journal = new DatabaseJournal({
        store: this.#store,
        runId,
        fence: request.fence,
        nextSeq: state.seq + 1,
        reopens: state.finished !== undefined,
        counts: () => ({ ...run.report().counts }),
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
      slots: config.enableParallelExecution
        ? (options.maxParallelNodes ?? config.maxParallelNodes)
        : 1,
      eventCapacity: options.eventCapacity ?? 100,
      commandCapacity: options.commandCapacity ?? 100,
      journal,
      inbox: journal && this.#store && databaseInbox(this.#store, runId),
      memo: this.#memo,
      unseen: request.unseen,
    });
    this.#live.set(runId, { run, graph, journal });
    const session: Session = { graph, config, state, cache, report: undefined, unseen: [] };
    if (this.#store === undefined) this.#sessions.open(runId, session);
    const forget = (report?: RunReport): void => {
      this.#live.delete(runId);
      session.unseen = run.unseen;
      if (report !== undefined && this.#store === undefined) this.#sessions.ended(session, report);
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
    const done = run.done.then(() => this.report(run.runId));
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
