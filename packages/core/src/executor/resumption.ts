import type { ActionRegistry } from '../actions/registry.ts';
import type { RunEvent } from '../run/events.ts';
import { databaseInbox, type InboxMessage } from '../storage/inbox.ts';
import { recover, type RecoveredRun } from '../storage/recover.ts';
import type { LoadedRun, RunStore } from '../storage/run-store.ts';
import { mustTakeCommands } from './delivery.ts';
import type { RunEnvironment } from './environment.ts';
import { finishedHandle, type RunHandle } from './handle.ts';
import type { Launcher } from './launcher.ts';
import { learnedBody } from './learning.ts';
import type { LiveRuns } from './live-runs.ts';
import type { ResumeOptions } from './options.ts';
import type { Readings } from './readings.ts';
import type { Sessions } from './sessions.ts';

export interface ResumptionParts {
  readonly environment: RunEnvironment;
  readonly live: LiveRuns;
  readonly sessions: Sessions;
  readonly readings: Readings;
  readonly launcher: Launcher;
}

/** Goes on with runs that are stored, or that an executor without storage remembers. */
export class Resumption {
  readonly #environment: RunEnvironment;
  readonly #live: LiveRuns;
  readonly #sessions: Sessions;
  readonly #readings: Readings;
  readonly #launcher: Launcher;

  constructor({ environment, live, sessions, readings, launcher }: ResumptionParts) {
    this.#environment = environment;
    this.#live = live;
    this.#sessions = sessions;
    this.#readings = readings;
    this.#launcher = launcher;
  }

  /**
   * @param last a command that the session begins with, to end the run: no action will run
   * @throws DaggerError RUN_UNKNOWN, RUN_OWNED
   */
  resume(runId: string, options: ResumeOptions, last?: InboxMessage): Promise<RunHandle> {
    const { store } = this.#environment;
    return store === undefined
      ? this.#session(runId, options, last)
      : this.#stored(store, runId, options, last);
  }

  async #session(
    runId: string,
    options: ResumeOptions,
    last: InboxMessage | undefined,
  ): Promise<RunHandle> {
    const session = this.#sessions.known(runId);
    const { graph, config, state, cache, report } = session;
    if (report?.status === 'succeeded') return finishedHandle(report);
    // The earlier report tells of the earlier session.
    report?.settle();
    this.#sessions.reopened(session);
    const first: RunEvent = {
      type: 'RunResumed',
      at: this.#environment.clock.now(),
      hooked: this.#environment.hooksFor(options, state.topology).length > 0,
      retry: last === undefined && state.retriesOnResume,
    };
    return this.#launcher.launch({
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

  async #stored(
    store: RunStore,
    runId: string,
    options: ResumeOptions,
    last: InboxMessage | undefined,
  ): Promise<RunHandle> {
    const row = await store.row(runId);
    if (row?.status === 'succeeded') return finishedHandle(await this.#readings.report(runId));
    const loaded = await store.load(runId);
    const { fence } = await store.claim(runId);
    const known = last === undefined ? this.#environment.registryFor(options) : undefined;
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
      return finishedHandle(await this.#readings.report(runId));
    }
    const messages = await databaseInbox(store, runId).read();
    const { config } = loaded;
    const nodes = state.nodeCount;
    const learned = await learnedBody(store, graph.name, { config, options, nodes });
    if (this.#live.closed) await this.#launcher.giveBack(runId, fence);
    const at = this.#environment.clock.now();
    const hooked = this.#environment.hooksFor(options, state.topology).length > 0;
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
    return this.#launcher.launch({
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
      const recovered = await recover(store, loaded, this.#environment.options.cacheLimits);
      if (registry !== undefined)
        this.#environment.checkActions(recovered.state.topology, registry);
      return recovered;
    } catch (error) {
      await store.release(loaded.row.id, fence);
      throw error;
    }
  }
}
