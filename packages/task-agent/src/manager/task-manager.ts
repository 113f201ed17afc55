import {
  DaggerError,
  openStorage,
  silentLogger,
  systemClock,
  systemIds,
  type Clock,
  type Ids,
  type JsonValue,
  type Logger,
  type Storage,
} from '@dagger/core';
import type { EventStream } from '@dagger/core/kernel';
import type { Transaction } from 'kysely';
import type { AnyTaskAgent } from '../agent/agent.ts';
import type { SpawnedTask } from '../agent/context.ts';
import { AgentRegistry } from '../agent/registry.ts';
import type { JobEvent } from '../lifecycle/events.ts';
import { isJobOver, mustAllow, type JobStatus, type TaskState } from '../lifecycle/states.ts';
import type { DraftNeed } from '../spec/draft.ts';
import { checkInput } from '../spec/check-input.ts';
import type { JobSpec } from '../spec/job-spec.ts';
import { Order } from '../spec/order.ts';
import { readJob } from '../spec/read-job.ts';
import { readTasks } from '../spec/read-tasks.ts';
import type { Need, OnDependencyFailure, TaskSpec } from '../spec/task-spec.ts';
import { taskMigrations } from '../store/migrations.ts';
import { tables, taskRow } from '../store/reads.ts';
import type { TaskRow } from '../store/tables.ts';
import { addDependencies } from '../unit/add-edges.ts';
import { addTasks, lookAhead } from '../unit/add-tasks.ts';
import { cancelTasks } from '../unit/cancel.ts';
import { Commits, type Operation } from '../unit/commits.ts';
import { pauseJob, pauseTask, resumeJob, resumeTask } from '../unit/hold.ts';
import { reopenTask } from '../unit/reopen.ts';
import { decide, type Review } from '../unit/review.ts';
import { startJob } from '../unit/start-job.ts';
import { Unit, unknownTask, type Effects, type Verdicts } from '../unit/unit.ts';
import { Followers, JOBS_TOPIC } from '../watch/followers.ts';
import { TASKS_TOPIC, Worker, workerTopic } from '../worker/worker.ts';
import { checkOptions } from './check-options.ts';
import { hasWork } from './has-work.ts';
import { JobHandle } from './job-handle.ts';
import { Notifier } from './notifier.ts';
import type { StallOptions, TaskManagerOptions } from './options.ts';
import { planningDraft } from './planning-draft.ts';
import { pruneJobs, type JobRetention } from './prune.ts';
import { callStallHandler } from './stall-handler.ts';
import { TaskReader } from './task-reader.ts';
import { verdictsWith } from './verdicts.ts';

/** A transaction of the caller's own, on the same database. */
export interface InTransaction {
  /**
   * What is written becomes visible, and is taken up, when the caller commits; a rollback undoes it. On SQLite it must be a
   * transaction of the same `storage`.
   */
  readonly trx?: Pick<Transaction<unknown>, 'isTransaction'>;
}

/** Starts jobs of tasks, runs their agents, and tells what became of them. */
export class TaskManager extends TaskReader {
  readonly agents: AgentRegistry;
  /** @internal */
  readonly followers: Followers;
  readonly #ownsStorage: boolean;
  readonly #clock: Clock;
  readonly #ids: Ids;
  readonly #logger: Logger;
  readonly #remoteAgents: ReadonlySet<string>;
  readonly #stall: StallOptions | undefined;
  readonly #order: Order;
  readonly #verdicts: Verdicts;
  readonly #commits: Commits;
  readonly #notifier: Notifier;
  readonly #worker: Worker | undefined;
  readonly #drainSeconds: number;
  readonly #longestValue: number;
  #closing: Promise<void> | undefined;

  private constructor(storage: Storage, ownsStorage: boolean, options: TaskManagerOptions) {
    const { agents = [], clock = systemClock, ids = systemIds, logger = silentLogger } = options;
    super(storage, clock);
    this.#ownsStorage = ownsStorage;
    this.agents = agents instanceof AgentRegistry ? agents : new AgentRegistry(agents);
    this.#clock = clock;
    this.#ids = ids;
    this.#logger = logger;
    this.#remoteAgents = new Set(options.remoteAgents ?? []);
    this.#stall = options.stall;
    this.#order = new Order(clock);
    this.#drainSeconds = options.drainSeconds ?? 10;
    this.#longestValue = options.maxValueBytes ?? 16_777_216;
    this.followers = new Followers(storage, clock, logger);
    this.#notifier = new Notifier(storage, clock);
    const planOf = planningDraft(this.#order, this.agents);
    this.#verdicts = verdictsWith(planOf);
    this.#commits = new Commits({
      storage,
      clock,
      verdicts: this.#verdicts,
      committed: (effects) => this.#committed(effects),
    });
    const works = options.work ?? this.agents.list().length > 0;
    this.#worker = works
      ? new Worker({
          storage,
          commits: this.#commits,
          clock,
          ids,
          logger,
          agents: this.agents,
          appData: options.appData,
          slots: options.concurrency ?? 50,
          maxPrefetch: options.maxPrefetch ?? 500,
          defaultTimeout: (options.timeout ?? 3_600) * 1_000,
          longestValue: this.#longestValue,
          heartbeatThread: (options.heartbeatThread ?? true) && clock === systemClock,
          pollMs: options.pollMs ?? (storage.subscribe === undefined ? 100 : 1_000),
          planOf,
          read: (specs, attempt) =>
            readTasks(specs, {
              ...this.#scope(attempt.jobId),
              parent: { id: attempt.taskId, depth: attempt.task.depth },
              priority: attempt.task.priority,
            }),
          tell: (jobId, event) => this.followers.live(jobId, event),
        })
      : undefined;
  }

  /**
   * Opens a manager and, where it has agents, begins to work on what is there.
   * @throws DaggerError CONFIG_INVALID, AGENT_DUPLICATE, AGENT_INVALID, STORAGE_URL, STORAGE_MISSING, STORAGE_FAILED
   */
  static async open(options: TaskManagerOptions): Promise<TaskManager> {
    checkOptions(options);
    const owns = typeof options.storage === 'string';
    const storage =
      typeof options.storage === 'string' ? await openStorage(options.storage) : options.storage;
    try {
      await storage.migrate(taskMigrations);
      const manager = new TaskManager(storage, owns, options);
      await manager.#worker?.start();
      return manager;
    } catch (error) {
      if (owns) await storage.close();
      throw error;
    }
  }

  #scope(jobId: string): Parameters<typeof readTasks>[1] {
    return {
      jobId,
      parent: null,
      priority: 0,
      agents: this.agents,
      remoteAgents: this.#remoteAgents,
      order: this.#order,
      longestValue: this.#longestValue,
      depthOf: async (taskId) => {
        const row = await taskRow(tables(this.storage), taskId);
        return row?.job_id === jobId ? row.depth : undefined;
      },
    };
  }

  // ——— jobs ———

  /**
   * Starts a job; the handle of the one that is there when its id is taken.
   * @throws DaggerError JOB_INVALID, TASK_INVALID, AGENT_UNKNOWN, AGENT_NOT_ALLOWED, INPUT_INVALID, NOT_JSON, TASK_CYCLE,
   *   TASK_UNKNOWN, LIMIT_REACHED, STORAGE_FAILED, MANAGER_CLOSED; nothing is stored then
   */
  async startJob(spec: JobSpec, { trx }: InTransaction = {}): Promise<JobHandle> {
    const draft = await readJob(spec, {
      agents: this.agents,
      remoteAgents: this.#remoteAgents,
      order: this.#order,
      longestValue: this.#longestValue,
      newId: () => this.#ids.runId(),
      stallAfterSeconds: this.#stall?.afterSeconds,
      // A function stays here; that there is one is known everywhere.
      stallAction:
        this.#stall?.action?.type === 'Custom'
          ? { type: 'Custom' }
          : (this.#stall?.action ?? { type: 'TerminateJob' }),
    });
    const isNew = await this.#do({ jobs: [], run: (unit) => startJob(unit, draft) }, trx);
    return new JobHandle(this, draft.id, isNew);
  }

  /** The handle of a job that is there. @throws DaggerError JOB_UNKNOWN */
  async openJob(jobId: string): Promise<JobHandle> {
    await this.job(jobId);
    return new JobHandle(this, jobId, false);
  }

  /** @internal */
  watch(jobId: string, from: 'beginning' | 'now'): EventStream<JobEvent> {
    return this.followers.watch(jobId, from === 'beginning' ? 0 : undefined).stream;
  }

  /**
   * What this process does, to whatever job, as it is committed: for logs. What other processes do is in the `events` of a
   * job.
   */
  get events(): EventStream<JobEvent> {
    return this.followers.all;
  }

  /** Cancels what has not ended in a job, and the job. Does nothing when it is over. @throws DaggerError JOB_UNKNOWN */
  async cancelJob(
    jobId: string,
    reason = 'the job was cancelled',
    { trx }: InTransaction = {},
  ): Promise<void> {
    await this.#do(
      {
        jobs: [jobId],
        run: async (unit) => {
          if (isJobOver(unit.job(jobId).status as JobStatus)) return;
          await cancelTasks(unit, jobId, { reason });
          await unit.endJob(jobId, 'cancelled', null);
        },
      },
      trx,
    );
  }

  /** Nothing more of the job is begun until it is resumed. @throws DaggerError JOB_UNKNOWN, JOB_FINISHED */
  async pauseJob(jobId: string, reason?: string): Promise<void> {
    await this.#do({ jobs: [jobId], run: (unit) => pauseJob(unit, jobId, reason ?? null) });
  }

  /** @throws DaggerError JOB_UNKNOWN, JOB_FINISHED */
  async resumeJob(jobId: string): Promise<void> {
    await this.#do({ jobs: [jobId], run: (unit) => resumeJob(unit, jobId) });
  }

  /** An open job takes no further tasks. @throws DaggerError JOB_UNKNOWN */
  async sealJob(jobId: string): Promise<void> {
    await this.#do({
      jobs: [jobId],
      run: async (unit) => {
        if (unit.job(jobId).open === 0) return;
        await unit.setJob(jobId, { open: 0 });
        unit.log(jobId, { type: 'JobSealed' });
      },
    });
  }

  /** Deletes jobs that are over, with everything of them. */
  prune(policy: JobRetention): Promise<{ readonly jobs: number }> {
    return pruneJobs(this.storage, this.#clock.now(), policy);
  }

  // ——— tasks ———

  /**
   * Adds tasks to a job, all or none. Those whose key is there already stay as they are.
   * @throws DaggerError JOB_UNKNOWN, JOB_FINISHED, and as `startJob` does
   */
  async addTasks(
    jobId: string,
    specs: readonly TaskSpec[],
    { trx }: InTransaction = {},
  ): Promise<readonly SpawnedTask[]> {
    const drafts = await readTasks(specs, this.#scope(jobId));
    const added = await this.#do(
      {
        jobs: [jobId],
        ahead: (unit) => lookAhead(unit, jobId, drafts),
        run: (unit) => {
          const { priority } = unit.job(jobId).settings;
          return addTasks(
            unit,
            jobId,
            drafts.map((draft, i) =>
              specs[i]?.priority === undefined ? { ...draft, priority } : draft,
            ),
            { by: null },
          );
        },
      },
      trx,
    );
    const fresh = new Set(added);
    return drafts.map(({ id }) => ({ taskId: id, isNew: fresh.has(id) }));
  }

  /** Adds one task; see `addTasks`. */
  async addTask<A extends AnyTaskAgent>(
    jobId: string,
    spec: TaskSpec<A>,
    options?: InTransaction,
  ): Promise<SpawnedTask> {
    const [added] = await this.addTasks(jobId, [spec], options);
    return added as SpawnedTask;
  }

  /** Adds a task of type `objective`; see `addTasks`. */
  addObjective<A extends AnyTaskAgent>(jobId: string, spec: TaskSpec<A>): Promise<SpawnedTask> {
    return this.addTask(jobId, { ...spec, type: 'objective' });
  }

  /** Adds a task of type `story`; see `addTasks`. */
  addStory<A extends AnyTaskAgent>(jobId: string, spec: TaskSpec<A>): Promise<SpawnedTask> {
    return this.addTask(jobId, { ...spec, type: 'story' });
  }

  /**
   * Makes a task need others of its job. One that runs waits for them only if it blocks.
   * @throws DaggerError TASK_UNKNOWN, TASK_STATE when it has ended, TASK_CYCLE naming the path, JOB_FINISHED
   */
  async addDependency(taskId: string, needs: Need | readonly Need[]): Promise<void> {
    const list = (Array.isArray(needs) ? needs : [needs]) as readonly Need[];
    const read: DraftNeed[] = list.map((need) =>
      typeof need === 'string'
        ? { id: need, onFailure: 'fail' }
        : { id: need.task, onFailure: need.onFailure ?? ('fail' satisfies OnDependencyFailure) },
    );
    await this.#onTask(taskId, (unit, row) => addDependencies(unit, row, read));
  }

  /** Cancels a task that has not ended, and everything below it. Gives the ids. @throws DaggerError TASK_UNKNOWN, TASK_STATE */
  async cancelTask(taskId: string, reason = 'it was cancelled'): Promise<readonly string[]> {
    return this.#onTask(taskId, (unit, row) => {
      if (!(unit.again && row.state === 'cancelled'))
        mustAllow('cancel', row.state as TaskState, taskId);
      return cancelTasks(unit, row.job_id, { reason, root: taskId });
    });
  }

  /** Holds a task that is not in progress. @throws DaggerError TASK_UNKNOWN, TASK_STATE, JOB_FINISHED */
  async pauseTask(taskId: string, reason = ''): Promise<void> {
    await this.#onTask(taskId, (unit, row) => pauseTask(unit, row, reason));
  }

  /** @throws DaggerError TASK_UNKNOWN, TASK_STATE, JOB_FINISHED */
  async resumeTask(taskId: string): Promise<void> {
    await this.#onTask(taskId, resumeTask);
  }

  /**
   * Has a task done again that failed, was rejected, cancelled or skipped, or is blocked; with it what ended because of it. A
   * job that is over goes on. Gives the ids.
   * @throws DaggerError TASK_UNKNOWN, TASK_STATE
   */
  async retryTask(
    taskId: string,
    { input }: { readonly input?: JsonValue } = {},
  ): Promise<readonly string[]> {
    if (input !== undefined) await checkInput(this.storage, this.agents, { taskId, input });
    return this.#onTask(taskId, (unit, row) =>
      reopenTask(unit, row, {
        by: null,
        ...(input === undefined ? {} : { input: JSON.stringify(input) }),
      }),
    );
  }

  /** Accepts or rejects the output of a task in review. @throws DaggerError TASK_UNKNOWN, TASK_STATE */
  async review(taskId: string, review: Review, by = 'person'): Promise<void> {
    await this.#onTask(taskId, (unit, row) => decide(unit, row, review, by));
  }

  /** Its output counts. @throws DaggerError TASK_UNKNOWN, TASK_STATE */
  accept(taskId: string, by = 'person'): Promise<void> {
    return this.review(taskId, { accept: true }, by);
  }

  /**
   * Sends a task back with the reason; it is done again, unless that was the last time.
   * @throws DaggerError TASK_UNKNOWN, TASK_STATE
   */
  reject(
    taskId: string,
    reason: string,
    { by = 'person', final }: { readonly by?: string; readonly final?: boolean } = {},
  ): Promise<void> {
    return this.review(
      taskId,
      { accept: false, reason, ...(final === undefined ? {} : { final }) },
      by,
    );
  }

  async #onTask<T>(taskId: string, work: (unit: Unit, row: TaskRow) => Promise<T>): Promise<T> {
    const found = await taskRow(tables(this.storage), taskId);
    if (found === undefined) throw unknownTask(taskId, this.storage);
    return this.#do({
      jobs: [found.job_id],
      run: async (unit) => {
        const row = await taskRow(unit.trx, taskId);
        if (row === undefined) throw unknownTask(taskId, this.storage);
        return work(unit, row);
      },
    });
  }

  // ——— committing ———

  /** With the next commit of this manager, or in the transaction of the caller. */
  async #do<T>(operation: Operation<T>, own?: InTransaction['trx']): Promise<T> {
    if (this.#closing !== undefined)
      throw new DaggerError('MANAGER_CLOSED', 'the task manager was closed');
    if (own === undefined) return this.#commits.do(operation);
    const unit = new Unit(own as never, this.storage, {
      now: this.#clock.now(),
      verdicts: this.#verdicts,
    });
    try {
      await unit.lock(operation.jobs);
      const result = await operation.run(unit);
      const { ready } = await unit.finish();
      await unit.written();
      // It reaches those who listen when the caller commits.
      if (ready.size > 0) await this.storage.notify?.(own as never, TASKS_TOPIC);
      return result;
    } catch (error) {
      throw await unit.reason(error);
    }
  }

  #committed(effects: Effects): void {
    const worker = this.#worker;
    worker?.hear(effects);
    this.followers.hear(effects);
    if (effects.ready.size > 0 && (worker?.isShort(effects.ready) ?? true))
      this.#notifier.tell(TASKS_TOPIC);
    if (effects.finished.length > 0) this.#notifier.tell(JOBS_TOPIC);
    for (const id of effects.interrupted) {
      if (id === worker?.id) worker.look();
      else this.#notifier.tell(workerTopic(id));
    }
    const action = this.#stall?.action;
    if (action?.type !== 'Custom') return;
    for (const stalled of effects.customStalls)
      void callStallHandler(this, action.handle, { ...stalled, logger: this.#logger });
  }

  // ——— end ———

  /**
   * Whether anything is left for the agents of this manager, here or in other processes: a task that is ready or in
   * progress, or that becomes ready by itself at some time.
   */
  hasWork(): Promise<boolean> {
    return hasWork(this.storage, this.agents.list());
  }

  /**
   * Takes no more tasks, waits for those that run (`drainSeconds`), gives back what does not end in time, and closes the
   * storage if it was opened by its URL. Jobs go on where others work, or when a manager is opened again.
   */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    const failures: unknown[] = [];
    const step = async (work: () => Promise<void>): Promise<void> => {
      try {
        await work();
      } catch (error) {
        failures.push(error);
      }
    };
    await step(async () => this.#worker?.stop(this.#drainSeconds * 1_000));
    await step(() => this.#commits.settled());
    await step(() => this.followers.close());
    await step(() => this.#notifier.close());
    if (this.#ownsStorage) await step(() => this.storage.close());
    if (failures.length === 1) throw failures[0];
    if (failures.length > 1)
      throw new AggregateError(failures, 'the task manager could not be closed properly');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
