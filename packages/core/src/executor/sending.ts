import { DaggerError } from '../errors.ts';
import type { ExecutorCommand } from '../run/commands.ts';
import type { RunStatus } from '../run/status.ts';
import type { InboxMessage } from '../storage/inbox.ts';
import { isOwned } from '../storage/run-store.ts';
import { mustTakeCommands, type Delivery } from './delivery.ts';
import type { RunEnvironment } from './environment.ts';
import type { LiveRuns } from './live-runs.ts';
import type { SendOptions } from './options.ts';
import { applyOutside, leaveCommand, outsideEvent } from './outside-commands.ts';
import type { Resumption } from './resumption.ts';
import type { Sessions } from './sessions.ts';

export interface SendingParts {
  readonly environment: RunEnvironment;
  readonly live: LiveRuns;
  readonly sessions: Sessions;
  readonly resumption: Resumption;
}

/** Brings commands to runs: to the live run, to whoever works on it elsewhere, or to where it is kept. */
export class Sending {
  readonly #environment: RunEnvironment;
  readonly #live: LiveRuns;
  readonly #sessions: Sessions;
  readonly #resumption: Resumption;

  constructor({ environment, live, sessions, resumption }: SendingParts) {
    this.#environment = environment;
    this.#live = live;
    this.#sessions = sessions;
    this.#resumption = resumption;
  }

  /**
   * Sends a command to a run, whoever works on it, and also when nobody does.
   * @throws DaggerError RUN_UNKNOWN, COMMAND_REJECTED
   */
  async send(runId: string, command: ExecutorCommand, options: SendOptions): Promise<Delivery> {
    for (;;) {
      this.#live.mustBeOpen();
      // A run that is just being opened is there in a moment.
      await this.#live.opening(runId)?.catch(() => {});
      const live = this.#live.get(runId)?.run;
      if (live === undefined) {
        const standing = await this.#standing(runId);
        // Whoever takes the run up meanwhile takes the command too.
        if (!this.#live.has(runId) && this.#live.opening(runId) === undefined)
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
    const { store, registry, ids } = this.#environment;
    if (store === undefined) return this.#sendToSession(runId, command);
    const { waitMs = 0 } = options;
    return leaveCommand(store, registry, runId, command, { nonce: ids.runId(), waitMs });
  }

  /** @throws DaggerError RUN_UNKNOWN */
  async #standing(runId: string): Promise<{ readonly status: RunStatus; readonly owned: boolean }> {
    const { store, clock } = this.#environment;
    if (store === undefined) {
      const { finished } = this.#sessions.known(runId).state;
      return { status: finished?.status ?? 'running', owned: false };
    }
    const { row } = await store.load(runId);
    return { status: row.status as RunStatus, owned: isOwned(row, clock.now()) };
  }

  /** A run in memory that nobody works on changes at once. */
  #sendToSession(runId: string, command: ExecutorCommand): Delivery {
    const { report, state, config, cache } = this.#sessions.known(runId);
    const { registry, clock } = this.#environment;
    const event = outsideEvent(command, state, config, registry, clock.now());
    // The report that was given out tells of what was.
    report?.settle();
    applyOutside(event, state, runId);
    if (event.type === 'CacheUpdated') cache.insertGlobal(event.namespace, event.key, event.value);
    return 'stored';
  }

  /** Cancels a run that nobody works on; false when somebody does. */
  async #conclude(runId: string, command: ExecutorCommand): Promise<boolean> {
    try {
      const last: InboxMessage = { id: '', at: this.#environment.clock.now(), command };
      const handle = await this.#live.once(runId, () => this.#resumption.resume(runId, {}, last));
      await handle.done;
      return true;
    } catch (error) {
      if (error instanceof DaggerError && error.code === 'RUN_OWNED') return false;
      throw error;
    }
  }
}
