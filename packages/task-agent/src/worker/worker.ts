import type { Clock, Ids, Logger, Storage } from '@dagger/core';
import { newOwner, Timers } from '@dagger/core/kernel';
import type { Transaction } from 'kysely';
import type { AgentRegistry, RegisteredAgent } from '../agent/registry.ts';
import type { LiveTaskEvent } from '../lifecycle/events.ts';
import type { TaskDraft } from '../spec/draft.ts';
import { readOptions, type TaskSpec } from '../spec/task-spec.ts';
import { tables } from '../store/reads.ts';
import type { TaskTables } from '../store/tables.ts';
import { claimTasks, promoteDue, type ClaimedTask, type Demand } from '../unit/claim.ts';
import type { Claimer, Commits } from '../unit/commits.ts';
import { giveBack } from '../unit/give-back.ts';
import type { DraftOf } from '../unit/stall.ts';
import type { Effects, Unit } from '../unit/unit.ts';
import { TaskAttempt } from './attempt.ts';
import type { AttemptHost } from './attempt-host.ts';
import { Heartbeat, LEASE } from './heartbeat.ts';
import { Upkeep } from './upkeep.ts';

export interface WorkerOptions {
  readonly storage: Storage;
  readonly commits: Commits;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly logger: Logger;
  readonly agents: AgentRegistry;
  readonly appData: unknown;
  /** Attempts at the same time. */
  readonly slots: number;
  /** Tasks that may be taken beyond the free slots. */
  readonly maxPrefetch: number;
  readonly defaultTimeout: number;
  readonly longestValue: number;
  readonly heartbeatThread: boolean;
  /** Milliseconds between two looks for work that nobody told of. */
  readonly pollMs: number;
  /** Makes the task in which a planner is told of a stall. */
  readonly planOf: DraftOf;
  readonly read: (
    specs: readonly TaskSpec[],
    attempt: TaskAttempt,
  ) => Promise<readonly TaskDraft[]>;
  readonly tell: (jobId: string, event: LiveTaskEvent) => void;
}

/** The topic on which a worker is told that tasks were taken from it. */
export const workerTopic = (worker: string): string => `dagger_worker:${worker}`;
/** The topic on which is told that there are tasks to be taken. */
export const TASKS_TOPIC = 'dagger_tasks';

/**
 * Takes tasks and runs their agents, as many at a time as it has slots. It takes with each commit as many as are likely to be
 * begun before the next one is back: the free slots, and what it finished since the last time.
 */
export class Worker implements Claimer, AttemptHost {
  /** A new one when others have declared the worker dead. */
  id: string;
  readonly storage: Storage;
  readonly commits: Commits;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly logger: Logger;
  readonly appData: unknown;
  readonly defaultTimeout: number;
  readonly longestValue: number;
  readonly #options: WorkerOptions;
  readonly #timers: Timers;
  readonly #upkeep: Upkeep;
  #heartbeat: Heartbeat;
  #isRenewing = false;
  /** It is beginning anew. */
  #rebirth: Promise<void> | undefined;
  readonly #names: readonly string[];
  readonly #running: Set<TaskAttempt> = new Set();
  /** Attempts whose end is about to be stored. */
  readonly #storing: Set<TaskAttempt> = new Set();
  #buffer: ClaimedTask[] = [];
  readonly #busy: Map<string, number> = new Map();
  #mayHaveWork = true;
  #finished = 0;
  /** When the next task that waits for a time is due, in milliseconds since the epoch; 0: that is to be found out. */
  #nextDue = 0;
  #dueTimer: (() => void) | undefined;
  #isStopping = false;
  /** The claim whose commit is under way, and as whom it was made. */
  #claimUnderWay: { readonly worker: string; readonly at: number } | undefined;
  /** When the deadline of a task that has not begun was last set in the storage, in milliseconds since the epoch. */
  readonly #deadlineSetAt: Map<string, number> = new Map();
  /** Attempts that came to an end which could not be stored: their agents were called. */
  readonly #unstored: Set<string> = new Set();
  #drained: (() => void) | undefined;
  #unsubscribe: (() => Promise<void>)[] = [];

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.storage = options.storage;
    this.commits = options.commits;
    this.clock = options.clock;
    this.ids = options.ids;
    this.id = newOwner(options.ids.runId());
    this.logger = options.logger;
    this.appData = options.appData;
    this.defaultTimeout = options.defaultTimeout;
    this.longestValue = options.longestValue;
    this.#timers = new Timers(options.clock);
    this.#names = options.agents.list();
    this.#heartbeat = this.#newHeartbeat(0);
    this.#upkeep = new Upkeep(this, options);
  }

  // ——— beginning and end ———

  async start(): Promise<void> {
    await this.#register();
    await this.#listen();
    this.commits.attach(this);
    this.#upkeep.start();
    this.wake();
  }

  async #register(): Promise<void> {
    const now = this.clock.now();
    await tables(this.storage)
      .insertInto('dagger_workers')
      .values({
        id: this.id,
        agents: JSON.stringify(this.#names),
        slots: this.#options.slots,
        started_at: now,
        lease_until: now + LEASE,
      })
      .execute();
    // Not before: what is claimed by a worker that nobody knows of is taken over at once.
    this.#heartbeat = this.#newHeartbeat(now + LEASE);
  }

  async #listen(): Promise<void> {
    const { storage } = this;
    if (storage.subscribe === undefined) return;
    const look = async (topic: string, wake: () => void): Promise<void> => {
      // Looking from time to time is enough where it cannot be told.
      const stop = await storage.subscribe?.(topic, wake).catch(() => undefined);
      if (stop !== undefined) this.#unsubscribe.push(stop);
    };
    await look(TASKS_TOPIC, () => this.wake());
    await look(workerTopic(this.id), () => this.#upkeep.look());
  }

  #newHeartbeat(until: number): Heartbeat {
    const { id } = this;
    return new Heartbeat(
      {
        storage: this.#options.storage,
        clock: this.#options.clock,
        logger: this.#options.logger,
        worker: id,
        thread: this.#options.heartbeatThread,
        lost: () => {
          if (id === this.id)
            this.#rebirth ??= this.#reborn().finally(() => (this.#rebirth = undefined));
        },
      },
      until,
    );
  }

  /** Others have declared this worker dead and given its tasks away: what runs is lost, and it begins anew. */
  async #reborn(): Promise<void> {
    this.logger('warn', 'this worker was presumed dead; its tasks were given to others', {
      worker: this.id,
    });
    const { storage } = this;
    await this.#heartbeat.stop();
    this.#buffer = [];
    this.#deadlineSetAt.clear();
    for (const attempt of this.#running) attempt.lose();
    this.#busy.clear();
    this.id = newOwner(this.ids.runId());
    this.#heartbeat = this.#newHeartbeat(0);
    if (this.#isStopping) return;
    try {
      await this.#register();
      const stop = await storage.subscribe?.(workerTopic(this.id), () => this.#upkeep.look());
      if (stop !== undefined) this.#unsubscribe.push(stop);
    } catch {
      // The next heartbeat finds no row, and that begins it anew.
    }
    this.wake();
  }

  /**
   * Takes nothing more, gives back what has not begun, and waits for what runs.
   * @param patience milliseconds after which the attempts that still run are aborted and given back
   */
  async stop(patience: number): Promise<void> {
    if (this.#isStopping) return;
    this.#isStopping = true;
    this.commits.attach(undefined);
    try {
      await this.#drain(patience);
    } finally {
      // Whatever could not be given back is taken over when the lease has run out, so nothing may renew it.
      await this.#upkeep.stop();
      this.#timers.stop();
      await this.#rebirth;
      await this.#heartbeat.stop();
      for (const stop of this.#unsubscribe) await stop();
    }
    await tables(this.storage).deleteFrom('dagger_workers').where('id', '=', this.id).execute();
  }

  async #drain(patience: number): Promise<void> {
    await this.commits.settled();
    await this.giveBack(this.#buffer.splice(0));
    if (this.#running.size > 0) {
      const cancel = this.clock.after(patience, () => this.#drained?.());
      await new Promise<void>((resolve) => (this.#drained = resolve));
      cancel();
    }
    const left = [...this.#running];
    for (const attempt of left) attempt.lose();
    const given = left.map(({ task }) => task);
    await this.giveBack(given, new Set(given.map(({ id }) => id)));
    await this.commits.settled();
  }

  /** @param begun those whose agents were called, beside those whose end could not be stored */
  async giveBack(
    tasks: readonly Pick<ClaimedTask, 'id' | 'job_id' | 'fence'>[],
    begun: ReadonlySet<string> = new Set(),
  ): Promise<void> {
    if (tasks.length === 0) return;
    const worker = this.id;
    await this.commits.do({
      jobs: tasks.map(({ job_id }) => job_id),
      run: (unit) =>
        giveBack(unit, {
          worker,
          tasks,
          hasBegun: ({ id, fence }) => begun.has(id) || this.#unstored.has(`${id}#${fence}`),
        }),
    });
  }

  // ——— taking tasks ———

  /** There may be something to take. */
  wake(): void {
    this.#mayHaveWork = true;
    if (this.wants) this.commits.ask();
  }

  /** The time of tasks has come that others made wait, so that nobody here has a timer for them. */
  someAreDue(): void {
    this.#nextDue = 0;
    this.wake();
  }

  /** Tasks may have been taken from this worker. */
  look(): void {
    this.#upkeep.look();
  }

  /** A commit of this process made tasks ready, or known when they will be. */
  hear({ ready, due }: Effects): void {
    for (const agent of ready) if (this.#options.agents.contains(agent)) this.#mayHaveWork = true;
    for (const at of due) this.#dueAt(at);
  }

  /** Whether tasks that became ready may need other workers. */
  isShort(ready: ReadonlySet<string>): boolean {
    if (this.#isStopping || this.#room <= 0) return true;
    for (const agent of ready) if (!this.#options.agents.contains(agent)) return true;
    return false;
  }

  #dueAt(at: number): void {
    if (at >= this.#nextDue) return;
    this.#nextDue = at;
    this.#dueTimer?.();
    this.#dueTimer = this.#timers.at(at, () => this.wake());
  }

  get #room(): number {
    return this.#options.slots - this.#running.size - this.#buffer.length;
  }

  get #most(): number {
    return this.#room + Math.min(this.#options.maxPrefetch, this.#finished);
  }

  get wants(): boolean {
    if (!this.#mayHaveWork || this.#isStopping || this.#names.length === 0) return false;
    return this.#most > 0 && this.#heartbeat.isTrusted;
  }

  #demands(most: number): Demand[] {
    const demands: Demand[] = [];
    for (const agent of this.#names) {
      const { concurrency, onCrash = 'retry' } = this.#options.agents.get(agent) ?? {};
      // What must not run twice is taken only when it begins at once.
      const own = onCrash === 'retry' ? most : Math.max(0, this.#room);
      const left = concurrency === undefined ? own : concurrency - (this.#busy.get(agent) ?? 0);
      if (left > 0) demands.push({ agent, most: Math.min(own, left) });
    }
    return demands;
  }

  async claim(trx: Transaction<TaskTables>, unit: Unit): Promise<readonly ClaimedTask[]> {
    // What this very transaction made ready is there to be taken.
    for (const agent of unit.ready)
      if (this.#options.agents.contains(agent)) this.#mayHaveWork = true;
    const isDue = this.#nextDue <= unit.now;
    if (!this.wants && !isDue) return [];
    this.#claimUnderWay = { worker: this.id, at: unit.now };
    if (isDue) {
      const { agents, next } = await promoteDue(trx, this.storage, unit.now);
      if (agents.length > 0) this.#mayHaveWork = true;
      this.#nextDue = Number.POSITIVE_INFINITY;
      if (next !== undefined) this.#dueAt(next);
    }
    const most = this.#most;
    const demands = this.wants ? this.#demands(most) : [];
    if (demands.length === 0) {
      // An agent that is at its limit is looked for again when one of its tasks has ended.
      this.#mayHaveWork = false;
      return [];
    }
    this.#finished = 0;
    const tasks = await claimTasks(trx, this.storage, {
      worker: this.id,
      demands,
      most,
      now: unit.now,
    });
    // Fewer than were asked for: there is nothing left, until somebody says otherwise.
    if (tasks.length < most) this.#mayHaveWork = false;
    return tasks;
  }

  took(tasks: readonly ClaimedTask[]): void {
    const claim = this.#claimUnderWay;
    this.#claimUnderWay = undefined;
    // Others have taken them over from whom this worker was then.
    if (tasks.length === 0 || claim?.worker !== this.id) return;
    this.#heartbeat.startThread();
    for (const task of tasks) {
      this.#busy.set(task.agent, (this.#busy.get(task.agent) ?? 0) + 1);
      this.#buffer.push(task);
      if (task.timeout_ms !== null) this.#deadlineSetAt.set(task.id, claim.at);
    }
    this.#begin();
    this.#returnOnceOnly();
  }

  /** Tasks that must not run twice are not kept waiting here, where a crash would count against them. */
  #returnOnceOnly(): void {
    const once = this.#buffer.filter(
      ({ options }) => options !== null && (readOptions(options).onCrash ?? 'retry') !== 'retry',
    );
    if (once.length === 0) return;
    this.#buffer = this.#buffer.filter((task) => !once.includes(task));
    this.#returnUnbegun(once);
  }

  #returnUnbegun(tasks: readonly ClaimedTask[]): void {
    for (const task of tasks) this.#free(task.agent);
    // Where that fails, the next rounds of upkeep find them.
    void this.giveBack(tasks).then(
      () => this.wake(),
      () => {},
    );
  }

  /** A claim that was committed although it threw left tasks that nobody runs: the next rounds of upkeep find them. */
  inDoubt(): void {
    this.#claimUnderWay = undefined;
    this.#mayHaveWork = true;
  }

  /** The claim of which it is not known yet what it took. */
  get claimUnderWay(): object | undefined {
    return this.#claimUnderWay;
  }

  /** The tasks that this worker has, with the fence of each. */
  held(): ReadonlyMap<
    string,
    { readonly fence: number; readonly attempt: TaskAttempt | undefined }
  > {
    const held = new Map<
      string,
      { readonly fence: number; readonly attempt: TaskAttempt | undefined }
    >();
    for (const { id, fence } of this.#buffer) held.set(id, { fence, attempt: undefined });
    for (const attempt of this.#storing)
      held.set(attempt.taskId, { fence: attempt.task.fence, attempt });
    for (const attempt of this.#running)
      held.set(attempt.taskId, { fence: attempt.task.fence, attempt });
    return held;
  }

  /** A task that was taken from the buffer by somebody else. */
  drop(taskId: string): void {
    this.#deadlineSetAt.delete(taskId);
    const dropped = this.#buffer.find(({ id }) => id === taskId);
    if (dropped === undefined) return;
    this.#buffer = this.#buffer.filter((task) => task !== dropped);
    this.#free(dropped.agent);
  }

  get running(): ReadonlySet<TaskAttempt> {
    return this.#running;
  }

  #begin(): void {
    if (this.#buffer.length === 0) return;
    if (!this.#heartbeat.isTrusted) {
      void this.#askLease();
      return;
    }
    while (this.#running.size < this.#options.slots && this.#buffer.length > 0) {
      // Taken in slabs: shifting a long list one by one is quadratic.
      const slab = this.#buffer.splice(0, this.#options.slots - this.#running.size);
      const late = slab.filter((task) => this.#isLate(task));
      for (const task of slab) if (!late.includes(task)) this.#run(task);
      if (late.length > 0) this.#returnUnbegun(late);
    }
  }

  /**
   * Whether the time of a task to end is over before it has begun: the answer to its claim was long under way, or it waited here
   * while nobody could postpone it. Others may have ended the attempt by then.
   */
  #isLate({ id, timeout_ms: timeout }: ClaimedTask): boolean {
    if (timeout === null) return false;
    const setAt = this.#deadlineSetAt.get(id) ?? 0;
    this.#deadlineSetAt.delete(id);
    return this.clock.now() >= setAt + timeout;
  }

  /** The deadlines of tasks that have not begun were set anew. */
  postponed(taskIds: Iterable<string>, at: number): void {
    for (const id of taskIds) if (this.#deadlineSetAt.has(id)) this.#deadlineSetAt.set(id, at);
  }

  /** It was held up for so long that others may have taken over what it has: it makes sure before it begins anything. */
  async #askLease(): Promise<void> {
    if (this.#isRenewing || this.#rebirth !== undefined) return;
    this.#isRenewing = true;
    try {
      await this.#heartbeat.renew();
    } catch {
      // The next round of upkeep asks again.
      return;
    } finally {
      this.#isRenewing = false;
    }
    if (!this.#heartbeat.isTrusted) return;
    this.#begin();
    if (this.wants) this.commits.ask();
  }

  #run(task: ClaimedTask): void {
    const registered = this.#options.agents.find(task.agent);
    if (registered === undefined) return;
    const attempt = new TaskAttempt(this, registered, task);
    this.#running.add(attempt);
    this.#options.tell(task.job_id, {
      type: 'TaskStarted',
      taskId: task.id,
      attempt: attempt.attempt,
    });
    void attempt.begin();
  }

  #free(agent: string): void {
    this.#busy.set(agent, Math.max(0, (this.#busy.get(agent) ?? 0) - 1));
  }

  // ——— what attempts ask for ———

  read(specs: readonly TaskSpec[], attempt: TaskAttempt): Promise<readonly TaskDraft[]> {
    return this.#options.read(specs, attempt);
  }

  agent(name: string): RegisteredAgent | undefined {
    return this.#options.agents.find(name);
  }

  at(due: number, fire: () => void): () => void {
    return this.#timers.at(due, fire);
  }

  progressed(attempt: TaskAttempt, fraction: number, message: string | null): void {
    this.#options.tell(attempt.jobId, {
      type: 'TaskProgress',
      taskId: attempt.taskId,
      fraction,
      message,
    });
  }

  over(attempt: TaskAttempt): void {
    if (!this.#running.delete(attempt)) return;
    this.#storing.add(attempt);
    this.#free(attempt.agent);
    this.#finished++;
    const { concurrency } = this.#options.agents.get(attempt.agent) ?? {};
    if (concurrency !== undefined) this.#mayHaveWork = true;
    if (this.#buffer.length > 0) this.#begin();
    else if (this.#running.size === 0) this.#drained?.();
    if (this.wants) this.commits.ask();
  }

  stored(attempt: TaskAttempt): void {
    this.#storing.delete(attempt);
  }

  unstored({ taskId, task }: TaskAttempt): void {
    this.#unstored.add(`${taskId}#${task.fence}`);
  }

  async heartbeat(): Promise<void> {
    // Its new lease is not there yet, and would seem to be lost at once.
    if (this.#rebirth !== undefined) return;
    await this.#heartbeat.tick();
    this.#begin();
    if (this.wants) this.commits.ask();
  }
}
