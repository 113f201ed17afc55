import { checkBounds } from '../coordinator/coordinator.ts';
import { DaggerError } from '../errors.ts';
import type { Graph } from '../graph/graph.ts';
import { prune } from '../storage/prune.ts';
import { readRun } from '../storage/recover.ts';
import {
  checkRetention,
  NOTHING_PRUNED,
  type Pruned,
  type RetentionPolicy,
} from '../storage/retention.ts';
import type { RunStore } from '../storage/run-store.ts';
import { saveSnapshot, type SavedSnapshot } from '../storage/snapshots.ts';
import { checkSupervisor } from '../supervisor/supervise.ts';
import { Caretaker } from './caretaker.ts';
import { Creation } from './creation.ts';
import { RunEnvironment } from './environment.ts';
import { finishedHandle, type RunHandle } from './handle.ts';
import { storeFork, type ForkOptions } from './history.ts';
import { Launcher } from './launcher.ts';
import { LiveRuns } from './live-runs.ts';
import type { ExecutorOptions, ResumeOptions, RunOptions } from './options.ts';
import { Readings } from './readings.ts';
import { Resumption } from './resumption.ts';
import { checkInputs, checkRunId, refuseOtherDag } from './run-request.ts';
import { Sending } from './sending.ts';
import { Sessions } from './sessions.ts';

/** The runs of an executor: opens them, finds them again, lets go of them. */
export class Runs {
  readonly readings: Readings;
  readonly sending: Sending;
  readonly #environment: RunEnvironment;
  readonly #live: LiveRuns = new LiveRuns();
  readonly #sessions: Sessions = new Sessions();
  readonly #resumption: Resumption;
  readonly #creation: Creation;
  readonly #caretaker: Caretaker | undefined;

  constructor(options: ExecutorOptions, store: RunStore | undefined) {
    const environment = new RunEnvironment(options, store);
    const live = this.#live;
    const sessions = this.#sessions;
    const readings = new Readings(environment, live, sessions);
    const ended = (): void => this.#caretaker?.ask();
    const launcher = new Launcher({ environment, live, sessions, readings, ended });
    const resumption = new Resumption({ environment, live, sessions, readings, launcher });
    this.#environment = environment;
    this.readings = readings;
    this.#resumption = resumption;
    this.#creation = new Creation({ environment, live, launcher, resumption });
    this.sending = new Sending({ environment, live, sessions, resumption });
    const { retention } = options;
    const { clock, logger } = environment;
    if (store !== undefined && retention !== undefined)
      this.#caretaker = new Caretaker(store.storage, clock, retention, logger);
    this.#caretaker?.ask();
  }

  /**
   * Opens a new run, or the one that the id names already.
   * @param handleFirst the caller gets the handle before the run begins, so that it can watch from the first event on
   */
  async open(graph: Graph, options: RunOptions, handleFirst: boolean): Promise<RunHandle> {
    this.#live.mustBeOpen();
    checkBounds(options);
    checkSupervisor(options.supervisor);
    checkInputs(options.inputs);
    const { runId } = options;
    if (runId === undefined) {
      const fresh = this.#environment.ids.runId();
      return this.#live.once(fresh, () =>
        this.#creation.create(graph, fresh, options, handleFirst),
      );
    }
    checkRunId(runId);
    const opening = this.#live.opening(runId);
    const live = this.#live.get(runId)?.run ?? (opening === undefined ? undefined : await opening);
    if (live !== undefined) refuseOtherDag(runId, live.dagName, graph.name);
    return this.#live.once(
      runId,
      async () =>
        (await this.#existing(runId, graph.name, options)) ??
        this.#creation.create(graph, runId, options, handleFirst),
    );
  }

  /** Goes on with a run. @throws DaggerError RUN_UNKNOWN, RUN_OWNED */
  async resume(runId: string, options: ResumeOptions): Promise<RunHandle> {
    this.#live.mustBeOpen();
    checkBounds(options);
    checkSupervisor(options.supervisor);
    return this.#live.once(runId, () => this.#resumption.resume(runId, options));
  }

  /** The run that an id already names, going on if it is unfinished; undefined when the id is new. */
  async #existing(runId: string, dag: string, options: RunOptions): Promise<RunHandle | undefined> {
    const { store } = this.#environment;
    const known = store === undefined ? this.#sessions.get(runId) : await store.row(runId);
    if (known === undefined) return undefined;
    const name = 'graph' in known ? known.graph.name : known.dag;
    const status = 'graph' in known ? (known.state.finished?.status ?? 'running') : known.status;
    refuseOtherDag(runId, name, dag);
    if (status === 'running' || status === 'paused') return this.#resumption.resume(runId, options);
    return finishedHandle(await this.readings.report(runId));
  }

  /** @throws DaggerError CONFIG_INVALID without storage */
  stored(what: string): RunStore {
    this.#live.mustBeOpen();
    const { store } = this.#environment;
    if (store !== undefined) return store;
    throw new DaggerError('CONFIG_INVALID', `${what} needs storage, and this executor has none`);
  }

  /** Makes a run out of another and starts it. @throws DaggerError see `storeFork` */
  async fork(parentId: string, fork: ForkOptions, options: ResumeOptions): Promise<RunHandle> {
    checkBounds(options);
    checkSupervisor(options.supervisor);
    const environment = this.#environment;
    const runId = fork.runId ?? environment.ids.runId();
    checkRunId(runId);
    checkInputs(fork.inputs);
    await storeFork(this.stored('a fork'), parentId, runId, fork, (topology) =>
      environment.checkActions(topology, environment.registryFor(options)),
    );
    return this.resume(runId, options);
  }

  /** Writes a snapshot of a run as it is durable now. @throws DaggerError RUN_UNKNOWN, CONFIG_INVALID without storage */
  async saveSnapshot(runId: string): Promise<SavedSnapshot> {
    const store = this.stored('a snapshot');
    const live = this.#live.get(runId)?.run;
    const saved = await live?.saveSnapshot();
    if (saved !== undefined) return saved;
    this.#live.mustBeOpen();
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

  /** Deletes what a policy gives up. @throws DaggerError CONFIG_INVALID */
  async prune(policy: RetentionPolicy): Promise<Pruned> {
    this.#live.mustBeOpen();
    checkRetention(policy);
    const { store, clock } = this.#environment;
    return store === undefined ? NOTHING_PRUNED : prune(store.storage, clock, policy);
  }

  /** Lets go of every run without ending it; gives what went wrong. */
  async letGo(): Promise<unknown[]> {
    const idle = this.#caretaker?.close();
    const failures = await this.#live.close();
    await idle;
    return failures;
  }
}
