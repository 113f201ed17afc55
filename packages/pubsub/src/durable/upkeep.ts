import type { Clock, Logger, Storage } from '@dagger/core';
import { sql } from 'kysely';
import { BEAT, renewLease, takeOver } from './lease.ts';
import { pruneMessages, type PruneOptions } from './prune.ts';
import { promoteDue } from './settle.ts';

/** Milliseconds between two looks for dead workers. */
const ROUND = 1_000;
/** Milliseconds between two times that messages are pruned. */
const PRUNE = 60_000;

/** The transport, as its upkeep sees it. */
export interface UpkeepHost {
  worker(): number | undefined;
  /** The groups that have members here, by their numbers. */
  localGroups(): readonly number[];
  version(): number;
  /** Others have declared the worker dead. */
  workerLost(): void;
  groupsMayHaveChanged(): Promise<void>;
  /** Something of a group may be ready; of any, where none is named. */
  mayBeReady(groupId?: number): void;
  /** Tries again to give back what could not be given back. */
  payBack(): void;
}

export interface UpkeepOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly pollMs: number;
  readonly retention: PruneOptions | undefined;
  readonly host: UpkeepHost;
}

/** What a transport does from time to time: signs of life, what dead ones had, what is due, and what others published. */
export class Upkeep {
  readonly #options: UpkeepOptions;
  readonly #cancels: Map<string, () => void> = new Map();
  readonly #underWay: Set<Promise<void>> = new Set();
  #dueAt = Number.POSITIVE_INFINITY;
  #cancelDue: (() => void) | undefined;
  #isStopped = false;

  constructor(options: UpkeepOptions) {
    this.#options = options;
  }

  /** What those with subscriptions do. */
  start(): void {
    const { pollMs } = this.#options;
    this.#every('a sign of life', BEAT, () => this.#beat());
    this.#every('dead transports', ROUND, () => this.#round());
    this.#every('a look for messages', pollMs, () => this.#poll());
  }

  startPruning(): void {
    const { retention, storage, clock } = this.#options;
    if (retention === undefined) return;
    this.#every('pruning', PRUNE, async () => {
      await pruneMessages(storage, retention, clock.now());
    });
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const cancel of this.#cancels.values()) cancel();
    this.#cancelDue?.();
    await Promise.all(this.#underWay);
  }

  /** Something is due at a time. */
  due(at: number): void {
    if (this.#isStopped || at >= this.#dueAt) return;
    this.#dueAt = at;
    this.#cancelDue?.();
    this.#cancelDue = this.#options.clock.after(
      Math.max(0, at - this.#options.clock.now()),
      () => void this.#quietly('what is due', () => this.#promote()),
    );
  }

  #every(what: string, ms: number, work: () => Promise<void>): void {
    if (this.#isStopped) return;
    this.#cancels.set(
      what,
      this.#options.clock.after(ms, () => {
        void this.#quietly(what, work).finally(() => this.#every(what, ms, work));
      }),
    );
  }

  /** A database that is away for a while ends nothing; the next time tries again. */
  async #quietly(what: string, work: () => Promise<void>): Promise<void> {
    if (this.#isStopped) return;
    const done = work().catch((error: unknown) => {
      this.#options.logger('warn', `upkeep of channels: ${what} failed`, {
        error: error instanceof Error ? error.message : String(error),
      });
    });
    this.#underWay.add(done);
    await done;
    this.#underWay.delete(done);
  }

  async #beat(): Promise<void> {
    const { storage, clock, host } = this.#options;
    const worker = host.worker();
    if (worker !== undefined && !(await renewLease(storage, worker, clock.now())))
      host.workerLost();
  }

  async #round(): Promise<void> {
    const { storage, clock, host } = this.#options;
    host.payBack();
    const worker = host.worker();
    if (worker !== undefined && (await takeOver(storage, worker, clock.now()))) host.mayBeReady();
  }

  async #promote(): Promise<void> {
    const { storage, clock, host } = this.#options;
    this.#dueAt = Number.POSITIVE_INFINITY;
    const { groups, next } = await promoteDue(storage, clock.now());
    for (const group of groups) host.mayBeReady(group);
    if (next !== undefined) this.due(next);
  }

  /** A cheap look, so that nobody takes the right to write for nothing. */
  async #poll(): Promise<void> {
    const { storage, host } = this.#options;
    const localGroups = host.localGroups();
    if (localGroups.length === 0) return;
    const { rows } = await sql<{
      readonly id: number;
      readonly is_ready: number | boolean;
      readonly version: number;
      readonly due: number | null;
    }>`select g.id, (select version from dagger_pubsub_state where id = 1) as version,
        (select min(run_at) from dagger_pubsub_deliveries where state = 2) as due,
        g.position is not null
          or exists (select 1 from dagger_pubsub_deliveries as d where d.state = 0 and d.group_id = g.id) as is_ready
      from dagger_pubsub_groups as g where g.id in (${sql.join(localGroups)})`.execute(storage.db);
    const [first] = rows;
    const isOld = rows.length < localGroups.length || first?.version !== host.version();
    if (isOld) await host.groupsMayHaveChanged();
    if (first === undefined) return;
    if (first.due !== null) this.due(first.due);
    for (const { id, is_ready } of rows) if (is_ready) host.mayBeReady(id);
  }
}
