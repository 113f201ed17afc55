import type { Cache } from '../cache/cache.ts';
import type { DagConfig } from '../config/model.ts';
import { LiveRun } from '../coordinator/live-run.ts';
import { StartOrder } from '../coordinator/start-order.ts';
import { Graph } from '../graph/graph.ts';
import type { RunEvent } from '../run/events.ts';
import type { NumberedEvent } from '../run/public-events.ts';
import type { RunReport } from '../run/report.ts';
import type { RunState } from '../run/state.ts';
import { DatabaseJournal } from '../storage/database-journal.ts';
import { readDurations } from '../storage/durations.ts';
import { databaseInbox, type InboxMessage } from '../storage/inbox.ts';
import { saveSnapshot } from '../storage/snapshots.ts';
import type { RunEnvironment } from './environment.ts';
import { handleOf, type RunHandle } from './handle.ts';
import { byPath, learn, slotsOf } from './learning.ts';
import type { LiveRuns } from './live-runs.ts';
import type { RunOptions } from './options.ts';
import type { Readings } from './readings.ts';
import type { Session, Sessions } from './sessions.ts';

/** A session of a run that is about to begin. */
export interface Launch {
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
}

export interface LauncherParts {
  readonly environment: RunEnvironment;
  readonly live: LiveRuns;
  readonly sessions: Sessions;
  readonly readings: Readings;
  /** Called whenever a session has ended. */
  readonly ended: () => void;
}

/** Begins sessions of runs, and takes note of their end. */
export class Launcher {
  readonly #environment: RunEnvironment;
  readonly #live: LiveRuns;
  readonly #sessions: Sessions;
  readonly #readings: Readings;
  readonly #ended: () => void;

  constructor({ environment, live, sessions, readings, ended }: LauncherParts) {
    this.#environment = environment;
    this.#live = live;
    this.#sessions = sessions;
    this.#readings = readings;
    this.#ended = ended;
  }

  launch(request: Launch): RunHandle {
    const { runId, graph, config, state, cache, options, createdAt = 0 } = request;
    const environment = this.#environment;
    const { store } = environment;
    const order = new StartOrder({
      state,
      registry: environment.registry,
      defined: Graph.topologyOf(graph).count,
      byPath: byPath(config, options),
      learned: () => readDurations(request.learned),
    });
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
      registry: environment.registryFor(options),
      clock: environment.clock,
      ids: environment.ids,
      logger: environment.logger,
      appData: environment.options.appData,
      hooks: environment.hooksFor(options, state.topology),
      slots: slotsOf(config, options),
      order,
      eventCapacity: options.eventCapacity ?? 100,
      commandCapacity: options.commandCapacity ?? 100,
      journal,
      inbox: journal && store && databaseInbox(store, runId),
      memo: environment.memo,
      saveSnapshot:
        store === undefined || journal === undefined
          ? undefined
          : (snapshot) => saveSnapshot(store, { runId, createdAt }, snapshot),
      unseen: request.unseen,
    });
    this.#live.add({ run, graph, journal, handle: () => this.#handle(run) });
    const session: Session = { graph, config, state, cache, report: undefined, unseen: [] };
    if (store === undefined) this.#sessions.open(runId, session);
    const forget = (report?: RunReport): void => {
      this.#live.delete(runId);
      session.unseen = run.unseen;
      if (report !== undefined && store === undefined) this.#sessions.ended(session, report);
      this.#ended();
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
    const { store, options } = this.#environment;
    const limited = store !== undefined && options.cacheLimits !== undefined;
    if (!limited) return handleOf(run);
    // The run is over, whatever becomes of reading it; then the report shows what the cache still has.
    const done = run.done.then((report) => this.#readings.report(run.runId).catch(() => report));
    done.catch(() => {});
    return handleOf(run, done);
  }

  /** A run that was claimed while the executor was being closed does not begin. @throws DaggerError EXECUTOR_CLOSED */
  async giveBack(runId: string, fence: number | undefined): Promise<void> {
    if (fence !== undefined) await this.#environment.store?.release(runId, fence);
    this.#live.mustBeOpen();
  }
}
