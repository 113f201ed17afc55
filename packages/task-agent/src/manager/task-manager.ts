import {
  DaggerError,
  openStorage,
  silentLogger,
  systemClock,
  systemIds,
  toErrorData,
  type Clock,
  type Ids,
  type JsonValue,
  type Logger,
  type Storage,
} from '@dagger/core';
import { checkJson, type EventStream } from '@dagger/core/kernel';
import { sql, type Transaction } from 'kysely';
import type { AnyTaskAgent } from '../agent/agent.ts';
import type { SpawnedTask } from '../agent/context.ts';
import { AgentRegistry } from '../agent/registry.ts';
import type { JobEvent } from '../lifecycle/events.ts';
import {
  isJobOver,
  mustAllow,
  SUCCESSES,
  type JobStatus,
  type TaskState,
} from '../lifecycle/states.ts';
import type { DraftNeed } from '../spec/draft.ts';
import type { JobSpec } from '../spec/job-spec.ts';
import { Order } from '../spec/order.ts';
import { readJob } from '../spec/read-job.ts';
import { readTasks } from '../spec/read-tasks.ts';
import { keyIn } from '../spec/task-id.ts';
import type { Need, OnDependencyFailure, TaskSpec } from '../spec/task-spec.ts';
import { states } from '../store/each.ts';
import { isStorable } from '../store/storable.ts';
import { taskMigrations } from '../store/migrations.ts';
import { outcomesOf, readStateValue, tables, taskRow } from '../store/reads.ts';
import type { JobRow, TaskRow } from '../store/tables.ts';
import type { DependencyOutcome } from '../agent/context.ts';
import { jobToDot } from '../picture/dot.ts';
import type { JobPicture } from '../picture/job-picture.ts';
import { jobToMermaid } from '../picture/mermaid.ts';
import { addDependencies } from '../unit/add-edges.ts';
import { addTasks } from '../unit/add-tasks.ts';
import { cancelTasks } from '../unit/cancel.ts';
import { Commits, type Operation } from '../unit/commits.ts';
import { pauseJob, pauseTask, resumeJob, resumeTask } from '../unit/hold.ts';
import { reopenTask } from '../unit/reopen.ts';
import { decide, type Review } from '../unit/review.ts';
import { startJob } from '../unit/start-job.ts';
import { answerStall, terminate, type StallAction, type StallReport } from '../unit/stall.ts';
import { Unit, unknownJob, unknownTask, type Effects, type Verdicts } from '../unit/unit.ts';
import { Followers, JOBS_TOPIC, readLog } from '../watch/followers.ts';
import { TASKS_TOPIC, Worker, workerTopic } from '../worker/worker.ts';
import { JobHandle } from './job-handle.ts';
import { Notifier } from './notifier.ts';
import { hasWork } from './has-work.ts';
import type { StallOptions, TaskManagerOptions } from './options.ts';
import { pruneJobs, type JobRetention } from './prune.ts';
import { planningDraft } from './planning-draft.ts';
import { checkOptions } from './check-options.ts';
import type { JobFilter, TaskFilter } from './task-filter.ts';
import { jobView, taskView, type JobResult, type JobView, type TaskView } from './views.ts';
import { why, type Why } from './why.ts';

/** A transaction of the caller's own, on the same database. */
export interface InTransaction<DB = unknown> {
  /**
   * What is written becomes visible, and is taken up, when the caller commits; a rollback undoes it. On SQLite it must be a
   * transaction of the same `storage`.
   */
  readonly trx?: Transaction<DB>;
}

/** Starts jobs of tasks, runs their agents, and tells what became of them. */
export class TaskManager {
  readonly agents: AgentRegistry;
  readonly storage: Storage;
  /** @internal */
  readonly followers: Followers;
  readonly #ownsStorage: boolean;
  readonly #clock: Clock;
  readonly #ids: Ids;
  readonly #logger: Logger;
  readonly #remoteAgents: ReadonlySet<string>;
  readonly #stall: StallOptions | undefined;
  readonly #stallAnswers: {
    readonly byDefault: StallAction;
    readonly draftOf: ReturnType<typeof planningDraft>;
  };
  readonly #order: Order;
  readonly #commits: Commits;
  readonly #notifier: Notifier;
  readonly #worker: Worker | undefined;
  readonly #drainSeconds: number;
  readonly #longestValue: number;
  #closing: Promise<void> | undefined;

  private constructor(storage: Storage, ownsStorage: boolean, options: TaskManagerOptions) {
    const { agents = [], clock = systemClock, ids = systemIds, logger = silentLogger } = options;
    this.storage = storage;
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
    const action = options.stall?.action ?? { type: 'TerminateJob' };
    this.#stallAnswers = {
      byDefault: action.type === 'Custom' ? { type: 'Custom' } : action,
      draftOf: planningDraft(this.#order),
    };
    const verdicts: Verdicts = {
      stuck: (unit, job) => answerStall(unit, job, 'nothing_can_move', this.#stallAnswers),
      stop: async (unit, jobId) =>
        void (await cancelTasks(unit, jobId, { reason: 'another task of the job has failed' })),
      overBudget: (unit, job) =>
        terminate(
          unit,
          job.id,
          toErrorData(
            new DaggerError(
              'LIMIT_REACHED',
              `job '${job.id}' has used ${job.tokens} tokens; maxTokens is ${String(job.settings.limits.maxTokens)}`,
              { ids: { jobId: job.id } },
            ),
          ),
        ),
    };
    this.#commits = new Commits({
      storage,
      clock,
      verdicts,
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
          stalls: this.#stallAnswers,
          read: (specs, attempt) =>
            readTasks(specs, {
              ...this.#scope(attempt.jobId),
              parent: { id: attempt.taskId, depth: attempt.task.depth },
              priority: attempt.task.priority,
            }),
          tell: (jobId, event) => this.followers.live(jobId, event),
        })
      : undefined;
    this.#verdicts = verdicts;
  }

  readonly #verdicts: Verdicts;

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
  async startJob<DB>(spec: JobSpec, { trx }: InTransaction<DB> = {}): Promise<JobHandle> {
    const draft = await readJob(spec, {
      agents: this.agents,
      remoteAgents: this.#remoteAgents,
      order: this.#order,
      longestValue: this.#longestValue,
      newId: () => this.#ids.runId(),
      stallAfterSeconds: this.#stall?.afterSeconds,
    });
    const isNew = await this.#do({ jobs: [], run: (unit) => startJob(unit, draft) }, trx);
    return new JobHandle(this, draft.id, isNew);
  }

  /** The handle of a job that is there. @throws DaggerError JOB_UNKNOWN */
  async openJob(jobId: string): Promise<JobHandle> {
    await this.job(jobId);
    return new JobHandle(this, jobId, false);
  }

  /** @throws DaggerError JOB_UNKNOWN */
  async job(jobId: string): Promise<JobView> {
    return jobView(await this.#jobRow(jobId));
  }

  async #jobRow(jobId: string): Promise<JobRow> {
    const row = !isStorable(jobId)
      ? undefined
      : await tables(this.storage)
          .selectFrom('dagger_jobs')
          .selectAll()
          .where('id', '=', jobId)
          .executeTakeFirst();
    if (row === undefined) throw unknownJob(jobId, this.storage);
    return row;
  }

  /** The most recent jobs first. */
  async jobs({ status, limit = 50 }: JobFilter = {}): Promise<readonly JobView[]> {
    const rows = await tables(this.storage)
      .selectFrom('dagger_jobs')
      .selectAll()
      .$if(status !== undefined, (q) => q.where('status', '=', status ?? ''))
      .orderBy('created_at', 'desc')
      .orderBy('id')
      .limit(limit)
      .execute();
    return rows.map(jobView);
  }

  /** What became of a job so far. @throws DaggerError JOB_UNKNOWN */
  async result(jobId: string): Promise<JobResult> {
    const job = await this.job(jobId);
    const done = await tables(this.storage)
      .selectFrom('dagger_tasks')
      .select(['id', 'output'])
      .where('job_id', '=', jobId)
      .where('parent_id', 'is', null)
      .where('state', 'in', [...SUCCESSES])
      .orderBy('ord')
      .execute();
    return {
      jobId,
      status: job.status,
      success: job.status === 'succeeded',
      outputs: Object.fromEntries(
        done.map(({ id, output }) => [keyIn(id), JSON.parse(output ?? 'null') as JsonValue]),
      ),
      error: job.error,
      counts: job.counts,
      tokens: job.tokens,
    };
  }

  /** The history of a job, the oldest event first. @throws DaggerError JOB_UNKNOWN */
  async history(jobId: string): Promise<readonly JobEvent[]> {
    await this.#jobRow(jobId);
    const events: JobEvent[] = [];
    for (let after = 0; ;) {
      const entries = await readLog(this.storage, jobId, after);
      for (const { at, events: logged } of entries)
        for (const event of logged)
          events.push({ ...event, jobId, at: new Date(at).toISOString() });
      const last = entries.at(-1);
      if (last === undefined) return events;
      after = last.seq;
    }
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

  /**
   * A job with its tasks and dependencies, or the jobs of a filter (by default the 50 most recent): data for `jobToDot`,
   * `jobToMermaid` and JSON.
   * @throws DaggerError JOB_UNKNOWN
   */
  async pictures(which: string | JobFilter = {}): Promise<readonly JobPicture[]> {
    const jobs = typeof which === 'string' ? [await this.job(which)] : await this.jobs(which);
    const pictures: JobPicture[] = [];
    for (const job of jobs)
      pictures.push({
        job,
        tasks: await this.tasks({ jobId: job.id, limit: job.counts.total }),
        edges: await this.edges(job.id),
      });
    return pictures;
  }

  /** Draws a job, or the jobs of a filter, as Graphviz DOT. @throws DaggerError JOB_UNKNOWN */
  async dot(which?: string | JobFilter): Promise<string> {
    return jobToDot(await this.pictures(which));
  }

  /** Draws a job, or the jobs of a filter, as a Mermaid flowchart. @throws DaggerError JOB_UNKNOWN */
  async mermaid(which?: string | JobFilter): Promise<string> {
    return jobToMermaid(await this.pictures(which));
  }

  /** A shared value of a job; undefined when there is none. */
  jobState(jobId: string, key: string): Promise<JsonValue | undefined> {
    return readStateValue(this.storage, jobId, key);
  }

  /** Cancels what has not ended in a job, and the job. Does nothing when it is over. @throws DaggerError JOB_UNKNOWN */
  async cancelJob<DB>(
    jobId: string,
    reason = 'the job was cancelled',
    { trx }: InTransaction<DB> = {},
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
  async addTasks<DB>(
    jobId: string,
    specs: readonly TaskSpec[],
    { trx }: InTransaction<DB> = {},
  ): Promise<readonly SpawnedTask[]> {
    const drafts = await readTasks(specs, this.#scope(jobId));
    const { added } = await this.#do(
      {
        jobs: [jobId],
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
  async addTask<A extends AnyTaskAgent, DB>(
    jobId: string,
    spec: TaskSpec<A>,
    options?: InTransaction<DB>,
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

  /** Undefined when there is none. */
  async getTask(taskId: string): Promise<TaskView | undefined> {
    const row = await taskRow(tables(this.storage), taskId);
    return row === undefined ? undefined : taskView(row);
  }

  /** Tasks in the order in which they were added, or the other way round. */
  async tasks(filter: TaskFilter = {}): Promise<readonly TaskView[]> {
    const { jobId, type, state, parent, agent, first, limit = 1_000, offset = 0 } = filter;
    const order = first === 'newest' ? 'desc' : 'asc';
    // No state at all: SQL knows no empty list.
    if (Array.isArray(state) && state.length === 0) return [];
    let query = tables(this.storage).selectFrom('dagger_tasks').selectAll();
    if (jobId !== undefined) query = query.where('job_id', '=', jobId);
    if (type !== undefined) query = query.where('type', '=', type);
    if (agent !== undefined) query = query.where('agent', '=', agent);
    if (state !== undefined)
      query = query.where('state', 'in', typeof state === 'string' ? [state] : [...state]);
    if (parent === null) query = query.where('parent_id', 'is', null);
    else if (parent !== undefined) query = query.where('parent_id', '=', parent);
    const rows = await query
      .orderBy('ord', order)
      .orderBy('id', order)
      .limit(limit)
      .offset(offset)
      .execute();
    return rows.map(taskView);
  }

  /** Tasks that a worker may take, in the order in which they are taken. */
  async readyTasks(jobId: string, limit = 1_000): Promise<readonly TaskView[]> {
    const rows = await tables(this.storage)
      .selectFrom('dagger_tasks')
      .selectAll()
      .where('job_id', '=', jobId)
      .where('state', '=', 'ready')
      .orderBy('rank', 'desc')
      .orderBy('ord')
      .limit(limit)
      .execute();
    return rows.map(taskView);
  }

  /** What became of the tasks that a task needs. */
  dependencies(taskId: string): Promise<readonly DependencyOutcome[]> {
    return outcomesOf(this.storage, { of: taskId });
  }

  /** The dependencies within a job. */
  async edges(jobId: string): Promise<
    readonly {
      readonly needs: string;
      readonly taskId: string;
      readonly onFailure: OnDependencyFailure;
    }[]
  > {
    const rows = await tables(this.storage)
      .selectFrom('dagger_task_edges')
      .select(['needs', 'task_id', 'on_failure'])
      .where('job_id', '=', jobId)
      .orderBy('task_id')
      .orderBy('needs')
      .execute();
    return rows.map(({ needs, task_id, on_failure }) => ({
      needs,
      taskId: task_id,
      onFailure: on_failure as OnDependencyFailure,
    }));
  }

  /** Why a task does not move, or what became of it. @throws DaggerError TASK_UNKNOWN */
  why(taskId: string): Promise<Why> {
    return why(this.storage, taskId, this.#clock.now());
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
    if (input !== undefined) await this.#checkInput(taskId, input);
    return this.#onTask(taskId, (unit, row) =>
      reopenTask(unit, row, {
        by: null,
        ...(input === undefined ? {} : { input: JSON.stringify(input) }),
      }),
    );
  }

  async #checkInput(taskId: string, input: JsonValue): Promise<void> {
    checkJson(input);
    const row = await taskRow(tables(this.storage), taskId);
    const checked = await this.agents.find(row?.agent ?? '')?.input?.(input);
    if (checked?.issues !== undefined)
      throw new DaggerError(
        'INPUT_INVALID',
        `the input of '${taskId}' is not valid: ${checked.issues.join('; ')}`,
        { ids: { taskId } },
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
  async #do<T, DB>(operation: Operation<T>, own?: Transaction<DB>): Promise<T> {
    if (this.#closing !== undefined)
      throw new DaggerError('MANAGER_CLOSED', 'the task manager was closed');
    if (own === undefined) return this.#commits.do(operation);
    const unit = new Unit(own as never, this.storage, {
      now: this.#clock.now(),
      verdicts: this.#verdicts,
    });
    await unit.lock(operation.jobs);
    const result = await operation.run(unit);
    const { ready } = await unit.finish();
    // It reaches those who listen when the caller commits.
    if (ready.size > 0) await this.storage.notify?.(own as never, TASKS_TOPIC);
    return result;
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
    for (const stalled of effects.customStalls) void this.#customStall(stalled);
  }

  async #customStall({ jobId, stall }: Effects['customStalls'][number]): Promise<void> {
    const action = this.#stall?.action;
    if (action?.type !== 'Custom') return;
    try {
      const { rows } = await sql<TaskRow>`select * from dagger_tasks
        where job_id = ${jobId} and state in ${states(['pending', 'ready', 'in_progress', 'blocked', 'in_review', 'paused'])}
        order by waiting, ord limit 100`.execute(tables(this.storage));
      const tasks: StallReport['tasks'][number][] = [];
      for (const row of rows) {
        const told = await why(this.storage, row.id, this.#clock.now());
        tasks.push({
          taskId: row.id,
          agent: row.agent,
          state: row.state,
          title: row.title,
          why: told.text,
        });
      }
      const job = await this.job(jobId);
      await action.handle({
        jobId,
        stall,
        reason: rows.some(({ state }) => state === 'in_progress' || state === 'ready')
          ? 'no_progress'
          : 'nothing_can_move',
        tasks,
        unfinished: job.counts.unfinished,
      });
    } catch (error) {
      this.#logger('error', 'the handler of a stall failed', {
        jobId,
        error: error instanceof Error ? error.message : String(error),
      });
    }
  }

  // ——— end ———

  /** Whether nothing is to be done here at the moment: no task runs, and none is ready for the agents of this manager. */
  async isIdle(): Promise<boolean> {
    if ((this.#worker?.running.size ?? 0) > 0) return false;
    await this.#commits.settled();
    return (this.#worker?.running.size ?? 0) === 0 && !(this.#worker?.wants ?? false);
  }

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
