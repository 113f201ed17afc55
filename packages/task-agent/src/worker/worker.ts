import type { Clock, Ids, Logger, Storage } from '@dagger/core';
import { newOwner, Timers } from '@dagger/core/kernel';
import type { AgentRegistry, RegisteredAgent } from '../agent/registry.ts';
import type { LiveTaskEvent } from '../lifecycle/events.ts';
import type { TaskDraft } from '../spec/draft.ts';
import { readOptions, type TaskSpec } from '../spec/task-spec.ts';
import { tables } from '../store/reads.ts';
import type { ClaimedTask } from '../unit/claim.ts';
import type { Commits } from '../unit/commits.ts';
import { giveBack } from '../unit/give-back.ts';
import type { DraftOf } from '../unit/stall.ts';
import type { Effects } from '../unit/unit.ts';
import { TaskAttempt } from './attempt.ts';
import type { AttemptHost } from './attempt-host.ts';
import { Heartbeat, LEASE } from './heartbeat.ts';
import { Intake, type Claim, type Taker } from './intake.ts';
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

/** A task that was taken and has not begun. Times are milliseconds since the epoch. */
interface Waiting {
  readonly task: ClaimedTask;
  /** When it was last known to be this worker's own. */
  knownAt: number;
  /** When its deadline was last set in the storage. */
  deadlineSetAt: number;
}

/** Milliseconds for which a task that has not begun is trusted to be still the worker's own; upkeep looks every second. */
const TRUSTED = 3_000;

/** The topic on which a worker is told that tasks were taken from it. */
export const workerTopic = (worker: string): string => `dagger_worker:${worker}`;
/** The topic on which is told that there are tasks to be taken. */
export const TASKS_TOPIC = 'dagger_tasks';

/**
 * Takes tasks and runs their agents, as many at a time as it has slots.
 */
export class Worker implements Taker, AttemptHost {
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
  readonly #intake: Intake;
  readonly #running: Set<TaskAttempt> = new Set();
  /** Attempts whose end is about to be stored. */
  readonly #storing: Set<TaskAttempt> = new Set();
  #buffer: Waiting[] = [];
  readonly #busy: Map<string, number> = new Map();
  #isBeginning = false;
  #isStopping = false;
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
    this.#intake = new Intake(this, { ...options, timers: this.#timers });
    this.#heartbeat = this.#newHeartbeat(0);
    this.#upkeep = new Upkeep(this, options);
  }

  // ——— beginning and end ———

  async start(): Promise<void> {
    await this.#register();
    await this.#listen();
    this.commits.attach(this.#intake);
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
    await this.#intake.settled();
    await this.giveBack(this.#buffer.splice(0).map(({ task }) => task));
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
    this.#intake.wake();
  }

  /** The time of tasks has come that others made wait. */
  someAreDue(): void {
    this.#intake.someAreDue();
  }

  /** Tasks may have been taken from this worker. */
  look(): void {
    this.#upkeep.look();
  }

  /** A commit of this process made tasks ready, or known when they will be. */
  hear(effects: Effects): void {
    this.#intake.hear(effects);
  }

  /** Whether tasks that became ready may need other workers. */
  isShort(ready: ReadonlySet<string>): boolean {
    if (this.#isStopping || this.room <= 0) return true;
    for (const agent of ready) if (!this.#options.agents.contains(agent)) return true;
    return false;
  }

  get room(): number {
    return this.#options.slots - this.#running.size - this.#buffer.length;
  }

  get waiting(): number {
    return this.#buffer.length;
  }

  get isOpen(): boolean {
    return !this.#isStopping && this.#heartbeat.isTrusted;
  }

  busyWith(agent: string): number {
    return this.#busy.get(agent) ?? 0;
  }

  receive(tasks: readonly ClaimedTask[], claim: Claim): void {
    // Others have taken them over from whom this worker was then.
    if (tasks.length === 0 || claim.worker !== this.id) return;
    this.#heartbeat.startThread();
    for (const task of tasks) {
      this.#busy.set(task.agent, this.busyWith(task.agent) + 1);
      this.#buffer.push({ task, knownAt: claim.at, deadlineSetAt: claim.at });
    }
    this.#begin();
    this.#returnOnceOnly();
  }

  /** Tasks that must not run twice are not kept waiting here, where a crash would count against them. */
  #returnOnceOnly(): void {
    const once = this.#buffer.filter(
      ({ task: { options } }) =>
        options !== null && (readOptions(options).onCrash ?? 'retry') !== 'retry',
    );
    if (once.length === 0) return;
    this.#buffer = this.#buffer.filter((waiting) => !once.includes(waiting));
    this.#returnUnbegun(once);
  }

  #returnUnbegun(waiting: readonly Waiting[]): void {
    const tasks = waiting.map(({ task }) => task);
    for (const task of tasks) this.#free(task.agent);
    // Where that fails, the next rounds of upkeep find them.
    void this.giveBack(tasks).then(
      () => this.wake(),
      () => {},
    );
  }

  /** The claim of which it is not known yet what it took. */
  get claimUnderWay(): object | undefined {
    return this.#intake.underWay;
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
    for (const { task } of this.#buffer)
      held.set(task.id, { fence: task.fence, attempt: undefined });
    for (const attempt of this.#storing)
      held.set(attempt.taskId, { fence: attempt.task.fence, attempt });
    for (const attempt of this.#running)
      held.set(attempt.taskId, { fence: attempt.task.fence, attempt });
    return held;
  }

  /** A task that was taken from the buffer by somebody else. */
  drop(taskId: string): void {
    const dropped = this.#buffer.find(({ task }) => task.id === taskId);
    if (dropped === undefined) return;
    this.#buffer = this.#buffer.filter((waiting) => waiting !== dropped);
    this.#free(dropped.task.agent);
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
      const late: Waiting[] = [];
      for (const waiting of slab)
        if (this.#isLate(waiting)) late.push(waiting);
        else this.#run(waiting.task);
      if (late.length > 0) this.#returnUnbegun(late);
    }
  }

  /**
   * Agents that end at once would follow each other without the event loop turning, and the database would wait for us: slab
   * by slab, its answers are read in between.
   */
  #beginSoon(): void {
    if (this.#isBeginning) return;
    this.#isBeginning = true;
    setImmediate(() => {
      this.#isBeginning = false;
      this.#begin();
    });
  }

  /**
   * Whether others may have taken a task before it has begun: the answer to its claim was long under way, or it waited here while
   * the storage was out of reach. It may have been cancelled and done by others meanwhile, or its time to end is over.
   */
  #isLate({ task: { timeout_ms: timeout }, knownAt, deadlineSetAt }: Waiting): boolean {
    const now = this.clock.now();
    return now >= knownAt + TRUSTED || (timeout !== null && now >= deadlineSetAt + timeout);
  }

  /** The storage gave these tasks to this worker then, by id with the fence of each. */
  known(fences: ReadonlyMap<string, number>, at: number): void {
    for (const waiting of this.#buffer)
      if (fences.get(waiting.task.id) === waiting.task.fence) waiting.knownAt = at;
  }

  /** The deadlines of tasks that have not begun were set anew. */
  postponed(taskIds: ReadonlySet<string>, at: number): void {
    for (const waiting of this.#buffer)
      if (taskIds.has(waiting.task.id)) waiting.deadlineSetAt = at;
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
    this.#intake.ask();
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
    this.#busy.set(agent, Math.max(0, this.busyWith(agent) - 1));
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
    this.#intake.finished(attempt.agent);
    if (this.#buffer.length > 0) this.#beginSoon();
    else if (this.#running.size === 0) this.#drained?.();
    this.#intake.ask();
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
    this.#intake.ask();
  }
}
