import type { Clock, Storage } from '@dagger/core';
import type { Timers } from '@dagger/core/kernel';
import type { Kysely, Transaction } from 'kysely';
import type { AgentRegistry } from '../agent/registry.ts';
import { tables } from '../store/reads.ts';
import type { TaskTables } from '../store/tables.ts';
import { claimTasks, promoteDue, type ClaimedTask, type Demand } from '../unit/claim.ts';
import type { Claimer, Commits } from '../unit/commits.ts';
import type { Effects, Unit } from '../unit/unit.ts';

/** As whom a claim was made, and when. */
export interface Claim {
  readonly worker: string;
  readonly at: number;
}

/** Who runs what is taken. */
export interface Taker {
  readonly id: string;
  /** Free slots, less the tasks that wait for one; negative when more wait. */
  readonly room: number;
  /** Tasks that were taken and have not begun. */
  readonly waiting: number;
  /** Whether it may take tasks at all. */
  readonly isOpen: boolean;
  /** How many tasks of an agent it has. */
  busyWith(agent: string): number;
  receive(tasks: readonly ClaimedTask[], claim: Claim): void;
}

export interface IntakeOptions {
  readonly storage: Storage;
  readonly commits: Commits;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly agents: AgentRegistry;
  readonly slots: number;
  readonly maxPrefetch: number;
}

/**
 * Takes tasks for a worker: when there may be some, and as many as are likely to be begun before the next ones are there. What a
 * commit makes ready is taken with that very commit; of what is there in numbers, more is taken beside the commits where the
 * database does both at the same time.
 */
export class Intake implements Claimer {
  readonly #taker: Taker;
  readonly #options: IntakeOptions;
  readonly #names: readonly string[];
  #mayHaveWork = true;
  /** How often it was said that there may be something. */
  #calls = 0;
  /** The last claim found as many tasks as it asked for. */
  #hasBacklog = false;
  /** Attempts that have ended since the last claim. */
  #finished = 0;
  /** When the next task that waits for a time is due, in milliseconds since the epoch; 0: that is to be found out. */
  #nextDue = 0;
  #dueTimer: (() => void) | undefined;
  /** The claim of which it is not known yet what it took: within a transaction of others, or beside them. */
  #within: Claim | undefined;
  #beside: Claim | undefined;
  #besideEnded: Promise<void> = Promise.resolve();

  constructor(taker: Taker, options: IntakeOptions) {
    this.#taker = taker;
    this.#options = options;
    this.#names = options.agents.list();
  }

  // ——— what is known of tasks to be taken ———

  /** There may be something to take. */
  wake(): void {
    this.#call();
    this.ask();
  }

  #call(): void {
    this.#mayHaveWork = true;
    this.#calls++;
  }

  /** Sees to it that tasks are taken, if there is room for some. */
  ask(): void {
    if (this.wants) this.#options.commits.ask();
  }

  /** The time of tasks has come that others made wait, so that nobody here has a timer for them. */
  someAreDue(): void {
    this.#nextDue = 0;
    this.wake();
  }

  /** A commit of this process made tasks ready, or known when they will be. */
  hear({ ready, due }: Effects): void {
    this.#hearReady(ready);
    for (const at of due) this.#dueAt(at);
  }

  #hearReady(agents: Iterable<string>): void {
    for (const agent of agents) if (this.#options.agents.contains(agent)) this.#call();
  }

  /** An attempt has ended. */
  finished(agent: string): void {
    this.#finished++;
    // Its agent may have been at its limit.
    if (this.#options.agents.get(agent)?.concurrency !== undefined) this.#call();
  }

  #dueAt(at: number): void {
    if (at >= this.#nextDue) return;
    this.#nextDue = at;
    this.#dueTimer?.();
    this.#dueTimer = this.#options.timers.at(at, () => this.wake());
  }

  // ——— how many ———

  /** What is taken beyond the free slots: as much as will be begun by the time of the claim after the next one. */
  get #prefetch(): number {
    return Math.min(this.#options.maxPrefetch, 2 * this.#finished);
  }

  get #most(): number {
    return this.#taker.room + this.#prefetch;
  }

  get wants(): boolean {
    if (!this.#mayHaveWork || this.#names.length === 0 || !this.#taker.isOpen) return false;
    // One claim at a time, so that none asks for room that another one fills.
    if (this.#beside !== undefined) return false;
    // As long as there is something to begin with, a claim is for many.
    return this.#most >= (this.#hasBacklog ? Math.max(1, this.#taker.waiting) : 1);
  }

  #demands(most: number): Demand[] {
    const demands: Demand[] = [];
    for (const agent of this.#names) {
      const { concurrency, onCrash = 'retry' } = this.#options.agents.get(agent) ?? {};
      // What must not run twice is taken only when it begins at once.
      const own = onCrash === 'retry' ? most : Math.max(0, this.#taker.room);
      const left = concurrency === undefined ? own : concurrency - this.#taker.busyWith(agent);
      if (left > 0) demands.push({ agent, most: Math.min(own, left) });
    }
    return demands;
  }

  // ——— claims ———

  async claim(
    trx: Transaction<TaskTables>,
    unit: Unit,
  ): Promise<readonly ClaimedTask[] | undefined> {
    // What this very transaction made ready is there to be taken.
    this.#hearReady(unit.ready);
    if (this.#nextDue <= unit.now) await this.#promote(trx, unit.now);
    this.claimBeside(false);
    if (!this.wants) return undefined;
    const claim = (this.#within = { worker: this.#taker.id, at: unit.now });
    return this.#take(trx, claim);
  }

  claimBeside(isAlone: boolean): void {
    const { storage, clock, slots } = this.#options;
    // Where a transaction keeps others out, or has to look for what is due, the claim is better made within it.
    if (!storage.abilities.skipLocked || !this.wants || this.#nextDue <= clock.now()) return;
    // One commit for both is faster where somebody may wait for the claim, and what that commit makes ready may come first.
    if (!isAlone && !(this.#hasBacklog && this.#prefetch >= slots)) return;
    const claim = (this.#beside = { worker: this.#taker.id, at: clock.now() });
    this.#besideEnded = this.#endBeside(claim);
  }

  async #endBeside(claim: Claim): Promise<void> {
    try {
      const tasks = await this.#take(tables(this.#options.storage), claim);
      this.#beside = undefined;
      this.#taker.receive(tasks, claim);
    } catch {
      // It may have been committed all the same: the next rounds of upkeep find what nobody runs.
      this.#beside = undefined;
      this.#call();
    }
    this.ask();
  }

  async #promote(trx: Transaction<TaskTables>, now: number): Promise<void> {
    const { agents, next } = await promoteDue(trx, this.#options.storage, now);
    if (agents.length > 0) this.#call();
    this.#nextDue = Number.POSITIVE_INFINITY;
    if (next !== undefined) this.#dueAt(next);
  }

  async #take(db: Kysely<TaskTables>, { worker, at: now }: Claim): Promise<readonly ClaimedTask[]> {
    const most = this.#most;
    const demands = this.#demands(most);
    const calls = this.#calls;
    let tasks: readonly ClaimedTask[] = [];
    if (demands.length > 0) {
      this.#finished = 0;
      tasks = await claimTasks(db, this.#options.storage, { worker, demands, most, now });
    }
    this.#hasBacklog = tasks.length >= most;
    // Fewer than were asked for: there is nothing left, until somebody says otherwise, who may have done so meanwhile. An agent
    // that is at its limit is looked for again when one of its tasks has ended.
    if (!this.#hasBacklog && calls === this.#calls) this.#mayHaveWork = false;
    return tasks;
  }

  took(tasks: readonly ClaimedTask[]): void {
    const claim = this.#within;
    this.#within = undefined;
    if (claim !== undefined) this.#taker.receive(tasks, claim);
  }

  /** A claim that was committed although it threw left tasks that nobody runs: the next rounds of upkeep find them. */
  inDoubt(): void {
    this.#within = undefined;
    this.#call();
  }

  /** The claim of which it is not known yet what it took. */
  get underWay(): object | undefined {
    return this.#within ?? this.#beside;
  }

  /** Resolves when no claim is under way beside the commits. */
  settled(): Promise<void> {
    return this.#besideEnded;
  }
}
