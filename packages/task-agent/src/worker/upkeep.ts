import { DaggerError, toErrorData, type CancelTimer } from '@dagger/core';
import { isDead, each, among } from '@dagger/core/kernel';
import { sql } from 'kysely';
import { tables, taskRow } from '../store/reads.ts';
import type { TaskRow } from '../store/tables.ts';
import { crashTask } from '../unit/crash.ts';
import { failAttempt } from '../unit/fail.ts';
import { answerStall, planOf, terminate } from '../unit/stall.ts';
import { isEnd, type TaskState } from '../lifecycle/states.ts';
import { retryDelay } from './retry-delay.ts';
import { STILL_OWN } from '../unit/own-task.ts';
import type { Worker, WorkerOptions } from './worker.ts';

/** Milliseconds between two rounds. */
const ROUND = 1_000;
/** Milliseconds beyond its deadline after which an attempt is ended by others: its own worker had its chance. */
const GRACE = 5_000;

/**
 * What a worker does from time to time beside its work: signs of life and of progress, the tasks that were taken from it,
 * and what is left of workers that died, of attempts without end and of jobs that do not move. Every worker does it for
 * all; the locks let one through.
 */
export class Upkeep {
  readonly #worker: Worker;
  readonly #options: WorkerOptions;
  #round: CancelTimer | undefined;
  #poll: CancelTimer | undefined;
  #underWay: Promise<void> | undefined;
  #isStopped = false;
  /** Tasks that the storage gives to this worker and that it does not know, seen in the last round. */
  #strangers: ReadonlySet<string> = new Set();
  /** The claim that was under way then: they may be what it took. */
  #strangersOf: object | undefined;

  constructor(worker: Worker, options: WorkerOptions) {
    this.#worker = worker;
    this.#options = options;
  }

  start(): void {
    this.#nextRound();
    this.#nextPoll();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#round?.();
    this.#poll?.();
    await this.#underWay;
  }

  /** Looks at once whether tasks were taken from this worker. */
  look(): void {
    void this.#quietly('own tasks', () => this.#ownTasks());
  }

  #nextRound(): void {
    if (this.#isStopped) return;
    this.#round = this.#options.clock.after(ROUND, () => {
      this.#underWay = this.#everything().finally(() => this.#nextRound());
    });
  }

  #nextPoll(): void {
    if (this.#isStopped) return;
    this.#poll = this.#options.clock.after(this.#options.pollMs, () => {
      void this.#quietly('poll', () => this.#lookForWork()).finally(() => this.#nextPoll());
    });
  }

  async #everything(): Promise<void> {
    await this.#quietly('heartbeat', () => this.#worker.heartbeat());
    await this.#quietly('own tasks', () => this.#ownTasks());
    await this.#quietly('signs of progress', () => this.#beats());
    await this.#quietly('what has not begun', () => this.#postpone());
    await this.#quietly('dead workers', () => this.#deadWorkers());
    await this.#quietly('overdue attempts', () => this.#overdue());
    await this.#quietly('stalled jobs', () => this.#stalled());
    await this.#quietly('overdue jobs', () => this.#overdueJobs());
  }

  /** A database that is away for a while ends nothing; the next round tries again. */
  async #quietly(what: string, work: () => Promise<void>): Promise<void> {
    if (this.#isStopped) return;
    try {
      await work();
    } catch (error) {
      if (error instanceof DaggerError && !error.recoverable && error.code !== 'STORAGE_FAILED')
        return;
      this.#options.logger('warn', `upkeep of tasks: ${what} failed`, {
        error: error instanceof Error ? error.message : String(error),
      });
    }
  }

  /** A cheap look, so that nobody takes the right to write for nothing. */
  async #lookForWork(): Promise<void> {
    const { storage, agents, clock } = this.#options;
    const { rows } = await sql<{ readonly kind: 'ready' | 'due' }>`
      select 'ready' as kind where exists (select 1 from dagger_tasks where state = 'ready'
          and agent ${among(storage.abilities, agents.list())})
      union all select 'due' as kind where exists (select 1 from dagger_tasks
        where state = 'pending' and waiting = 0 and run_at <= ${clock.now()})`.execute(
      tables(storage),
    );
    if (rows.some(({ kind }) => kind === 'due')) this.#worker.someAreDue();
    else if (rows.length > 0) this.#worker.wake();
  }

  /** What was taken from this worker is told to its attempts; what it has without knowing goes back. */
  async #ownTasks(): Promise<void> {
    const { storage, clock } = this.#options;
    const before = this.#worker.held();
    const at = clock.now();
    const worker = this.#worker.id;
    const { rows } = await sql<
      Pick<TaskRow, 'id' | 'job_id' | 'fence'>
    >`select id, job_id, fence from dagger_tasks
      where worker = ${worker} and state = 'in_progress'`.execute(tables(storage));
    const mine = new Map(rows.map(({ id, fence }) => [id, fence]));
    this.#worker.known(mine, at);
    const now = this.#worker.held();
    for (const [id, { fence, attempt }] of before) {
      // Only those that it had all the time: others may have come or gone between the two looks.
      if (mine.get(id) === fence || now.get(id)?.fence !== fence) continue;
      if (attempt === undefined) this.#worker.drop(id);
      else attempt.lose();
    }
    const { claimUnderWay } = this.#worker;
    const strangers = rows.filter(({ id }) => !before.has(id) && !now.has(id));
    const isStillClaiming = this.#strangersOf !== undefined && this.#strangersOf === claimUnderWay;
    const seen = this.#strangers;
    const lost = isStillClaiming
      ? []
      : strangers.filter(({ id, fence }) => seen.has(`${id}#${fence}`));
    this.#strangers = new Set(strangers.map(({ id, fence }) => `${id}#${fence}`));
    this.#strangersOf = claimUnderWay;
    if (lost.length === 0) return;
    await this.#worker.giveBack(lost);
    this.#worker.wake();
  }

  /** Stores when attempts last gave a sign of progress. What somebody else has locked waits for the next round. */
  async #beats(): Promise<void> {
    const { storage } = this.#options;
    const fresh = [...this.#worker.running].filter(({ isBeatNew }) => isBeatNew);
    if (fresh.length === 0) return;
    const rows = fresh.map(({ taskId, task, beatAt, lastProgress }) => [
      taskId,
      task.fence,
      beatAt,
      lastProgress,
    ]);
    for (const attempt of fresh) attempt.isBeatNew = false;
    const free = storage.abilities.skipLocked
      ? sql`and id in (select id from dagger_tasks where id ${among(
          storage.abilities,
          fresh.map(({ taskId }) => taskId),
        )} for update skip locked)`
      : sql``;
    await sql`update dagger_tasks set beat_at = e.c2, progress = coalesce(e.c3, dagger_tasks.progress)
      from ${each(storage.abilities, ['text', 'number', 'number', 'text'], rows)}
      where dagger_tasks.id = e.c0 and ${STILL_OWN} ${free}`.execute(tables(storage));
  }

  /** What waits here for a slot has not begun: its time to end moves on with the clock. */
  async #postpone(): Promise<void> {
    const { storage, clock } = this.#options;
    const waiting = [...this.#worker.held()].flatMap(([id, { attempt }]) =>
      attempt === undefined ? [id] : [],
    );
    if (waiting.length === 0) return;
    const skip = storage.abilities.skipLocked ? sql`for update skip locked` : sql``;
    const now = clock.now();
    const { rows } = await sql<{
      readonly id: string;
    }>`update dagger_tasks set deadline = ${now} + timeout_ms
      where id in (select id from dagger_tasks where worker = ${this.#worker.id} and state = 'in_progress'
        and timeout_ms is not null and id ${among(storage.abilities, waiting)} ${skip})
        and state = 'in_progress' returning id`.execute(tables(storage));
    this.#worker.postponed(new Set(rows.map(({ id }) => id)), now);
  }

  async #deadWorkers(): Promise<void> {
    const { storage, clock } = this.#options;
    const db = tables(storage);
    const known = await db.selectFrom('dagger_workers').select(['id', 'lease_until']).execute();
    const dead = known.filter(
      ({ id, lease_until }) => id !== this.#worker.id && (lease_until < clock.now() || isDead(id)),
    );
    for (const { id, lease_until } of dead) await this.#takeOver(id, lease_until);
    // Whoever was declared dead and did not know took these.
    const { rows: orphans } = await sql<{
      readonly worker: string;
    }>`select distinct worker from dagger_tasks
      where state = 'in_progress' and not exists
        (select 1 from dagger_workers as w where w.id = dagger_tasks.worker)`.execute(db);
    for (const { worker } of orphans)
      if (worker !== this.#worker.id) await this.#takeOver(worker, undefined);
  }

  /** The tasks of a dead worker are crashed. Whoever deletes its row first does it. */
  async #takeOver(worker: string, leaseUntil: number | undefined): Promise<void> {
    const { storage, commits } = this.#options;
    const jobs = await tables(storage)
      .selectFrom('dagger_tasks')
      .select('job_id')
      .distinct()
      .where('worker', '=', worker)
      .where('state', '=', 'in_progress')
      .execute();
    const jobIds = jobs.map(({ job_id }) => job_id);
    await commits.do({
      jobs: jobIds,
      run: async (unit) => {
        if (leaseUntil !== undefined) {
          const gone = await unit.trx
            .deleteFrom('dagger_workers')
            .where('id', '=', worker)
            .where('lease_until', '=', leaseUntil)
            .executeTakeFirst();
          // It has renewed its lease meanwhile, or somebody else was faster.
          if (gone.numDeletedRows === 0n) return;
        }
        const { rows } = await sql<TaskRow>`select * from dagger_tasks
          where worker = ${worker} and state = 'in_progress' and job_id ${among(storage.abilities, jobIds)}
          order by id`.execute(unit.trx);
        for (const row of rows) await crashTask(unit, row);
      },
    });
  }

  /** Attempts that are far beyond their deadline, although their worker lives. */
  async #overdue(): Promise<void> {
    const { storage, clock, commits, agents, ids } = this.#options;
    const { rows } = await sql<Pick<TaskRow, 'id' | 'job_id' | 'fence' | 'worker'>>`
      select id, job_id, fence, worker from dagger_tasks
      where state = 'in_progress' and worker is not null and deadline < ${clock.now() - GRACE} limit 100`.execute(
      tables(storage),
    );
    for (const { id, job_id, fence, worker } of rows) {
      if (worker === this.#worker.id) continue;
      await commits.do({
        jobs: [job_id],
        run: async (unit) => {
          const row = await taskRow(unit.trx, id);
          if (row?.state !== 'in_progress' || row.fence !== fence) return;
          const error = toErrorData(
            new DaggerError(
              'TASK_TIMEOUT',
              `the attempt did not end in time, and its worker did not end it`,
              { ids: { taskId: id }, recoverable: true },
            ),
          );
          const delay = retryDelay(error, row, agents.get(row.agent), ids.random());
          await failAttempt(
            unit,
            { taskId: id, jobId: job_id, fence },
            { error, delay, tokens: 0 },
          );
          if (worker !== null) unit.interrupted.add(worker);
        },
      });
    }
  }

  /** Jobs without a change of state or a sign of progress for too long. */
  async #stalled(): Promise<void> {
    const { storage, clock, commits } = this.#options;
    const { rows } = await sql<{ readonly id: string }>`select id from dagger_jobs
      where status = 'running' and unfinished > 0 and stall_after_ms is not null
        and progressed_at + stall_after_ms < ${clock.now()}
        and not exists (select 1 from dagger_tasks as t where t.job_id = dagger_jobs.id and t.state = 'in_progress'
          and t.beat_at + stall_after_ms >= ${clock.now()}) limit 100`.execute(tables(storage));
    for (const { id } of rows)
      await commits.do({
        jobs: [id],
        run: async (unit) => {
          const job = unit.job(id);
          const after = job.stall_after_ms ?? Number.POSITIVE_INFINITY;
          if (job.status !== 'running' || job.progressed_at + after >= unit.now) return;
          // The planner has been told; it is its turn.
          const { task: plan } = await planOf(unit, id, job.stalls);
          if (plan !== undefined && !isEnd(plan.state as TaskState)) return;
          await answerStall(unit, job, 'no_progress', this.#options.planOf);
        },
      });
  }

  async #overdueJobs(): Promise<void> {
    const { storage, clock, commits } = this.#options;
    const late = await tables(storage)
      .selectFrom('dagger_jobs')
      .select('id')
      .where('status', 'in', ['running', 'paused'])
      .where('due_at', '<', clock.now())
      .limit(100)
      .execute();
    for (const { id } of late)
      await commits.do({
        jobs: [id],
        run: async (unit) => {
          const job = unit.job(id);
          if (job.status !== 'running' && job.status !== 'paused') return;
          const seconds = ((job.due_at ?? 0) - job.created_at) / 1_000;
          const error = new DaggerError(
            'JOB_TIMEOUT',
            `job '${id}' took longer than ${seconds} s`,
            {
              ids: { jobId: id },
            },
          );
          await terminate(unit, id, toErrorData(error));
        },
      });
  }
}
