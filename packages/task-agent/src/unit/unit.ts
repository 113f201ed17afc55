import { DaggerError, type ErrorData, type Storage } from '@dagger/core';
import { sql, type RawBuilder, type Transaction } from 'kysely';
import type { JobLogEvent } from '../lifecycle/events.ts';
import { readReason } from '../lifecycle/reason.ts';
import { isJobOver, type JobStatus } from '../lifecycle/states.ts';
import type { JobConfig } from '../spec/job-spec.ts';
import { each, among, type Cell, type Kind } from '@dagger/core/kernel';
import type { JobRow, TaskRow, TaskTables } from '../store/tables.ts';
import { ofJob } from '../store/below.ts';

/** How the numbers of a job change. */
export interface JobChange {
  readonly total?: number;
  readonly unfinished?: number;
  readonly movable?: number;
  readonly failed?: number;
  readonly tokens?: number;
}

/** A job as a unit of work sees it: locked, and with what has changed so far. */
export interface LockedJob extends JobRow {
  readonly settings: JobConfig;
}

/** What a unit of work made known when it was committed. */
export interface Effects {
  readonly logged: readonly {
    readonly jobId: string;
    readonly seq: number;
    readonly at: number;
    readonly events: readonly JobLogEvent[];
  }[];
  /** Agents for which a task became ready. */
  readonly ready: ReadonlySet<string>;
  /** When tasks that wait for a time become ready, in milliseconds since the epoch. */
  readonly due: readonly number[];
  /** Workers whose tasks were taken from them. */
  readonly interrupted: ReadonlySet<string>;
  readonly finished: readonly string[];
  /** Stalls whose action is the manager's own. */
  readonly customStalls: readonly { readonly jobId: string; readonly stall: number }[];
}

/** The id, and the numbers of tasks, the tokens and the number of the last row of the log. */
const NUMBER_COLUMNS: readonly Kind[] = [
  'text',
  ...Array.from({ length: 6 }, () => 'number' as const),
];
const LOG_COLUMNS: readonly Kind[] = ['text', 'number', 'number', 'text'];

interface Pending {
  total: number;
  unfinished: number;
  movable: number;
  failed: number;
  tokens: number;
  events: JobLogEvent[];
  /** Whether it is to be seen that nothing moves, although nothing came to rest. */
  look: boolean;
}

/** What is decided about jobs at the end of a unit. */
export interface Verdicts {
  /** Nothing can move in the job any more. */
  stuck(unit: Unit, job: LockedJob): Promise<void>;
  /** A task failed in a job that is to stop then. */
  stop(unit: Unit, jobId: string): Promise<void>;
  /** The job has used more tokens than it may. */
  overBudget(unit: Unit, job: LockedJob): Promise<void>;
}

/**
 * One transaction on jobs. Whatever changes the graph of a job or ends a task holds the lock of the job from the beginning, so
 * two of them never cross; what works without that lock (claims, signs of life) waits for nobody. So nothing can lock
 * the other way round.
 *
 * The numbers of jobs and their histories are gathered and written once, at the end; then it is known which jobs are
 * over, and in which nothing can move.
 */
export class Unit {
  readonly trx: Transaction<TaskTables>;
  readonly storage: Storage;
  readonly now: number;
  /** An earlier try of the same may have been committed. */
  readonly again: boolean;
  readonly ready: Set<string> = new Set();
  readonly due: number[] = [];
  readonly interrupted: Set<string> = new Set();
  readonly #jobs: Map<string, LockedJob> = new Map();
  readonly #pending: Map<string, Pending> = new Map();
  readonly #verdicts: Verdicts;
  readonly #stopping: Set<string> = new Set();
  readonly #logged: Effects['logged'][number][] = [];
  readonly #finished: string[] = [];
  readonly #sent: Promise<unknown>[] = [];
  /** How the first statement failed of those that were sent. */
  #failure: { readonly error: unknown } | undefined;
  #ahead: unknown;
  readonly #customStalls: Effects['customStalls'][number][] = [];

  constructor(
    trx: Transaction<TaskTables>,
    storage: Storage,
    {
      now,
      again = false,
      verdicts,
    }: { readonly now: number; readonly again?: boolean; readonly verdicts: Verdicts },
  ) {
    this.trx = trx;
    this.storage = storage;
    this.now = now;
    this.again = again;
    this.#verdicts = verdicts;
  }

  /** Locks jobs, always in the same order; those that are not there stay unknown. */
  async lock(jobIds: Iterable<string>): Promise<void> {
    const wanted = [...new Set(jobIds)].filter((id) => !this.#jobs.has(id));
    if (wanted.length === 0) return;
    const { abilities } = this.storage;
    const rows = await this.trx
      .selectFrom('dagger_jobs')
      .selectAll()
      .where(sql<boolean>`id ${among(abilities, wanted)}`)
      .orderBy('id')
      .$if(abilities.rowLocks, (q) => q.forUpdate())
      .execute();
    for (const row of rows) this.#know(row);
  }

  #know(row: JobRow): void {
    this.#jobs.set(row.id, { ...row, settings: JSON.parse(row.config) as JobConfig });
  }

  /** A job that was made in this unit. */
  made(row: JobRow): void {
    this.#know(row);
  }

  /** @throws DaggerError JOB_UNKNOWN when it is not there (or not locked, which is a mistake) */
  job(jobId: string): LockedJob {
    const found = this.#jobs.get(jobId);
    if (found !== undefined) return found;
    throw unknownJob(jobId, this.storage);
  }

  /** @throws DaggerError JOB_UNKNOWN, JOB_FINISHED */
  openJob(jobId: string): LockedJob {
    const job = this.job(jobId);
    if (!isJobOver(job.status as JobStatus)) return job;
    throw new DaggerError('JOB_FINISHED', `job '${jobId}' is ${job.status} and takes no changes`, {
      ids: { jobId },
    });
  }

  #pendingOf(jobId: string): Pending {
    let pending = this.#pending.get(jobId);
    if (pending === undefined) {
      pending = {
        total: 0,
        unfinished: 0,
        movable: 0,
        failed: 0,
        tokens: 0,
        events: [],
        look: false,
      };
      this.#pending.set(jobId, pending);
    }
    return pending;
  }

  change(jobId: string, { total, unfinished, movable, failed, tokens }: JobChange): void {
    const pending = this.#pendingOf(jobId);
    pending.total += total ?? 0;
    pending.unfinished += unfinished ?? 0;
    pending.movable += movable ?? 0;
    pending.failed += failed ?? 0;
    pending.tokens += tokens ?? 0;
  }

  /** Tasks of a job as this unit will leave them. */
  total(jobId: string): number {
    return this.job(jobId).total + (this.#pending.get(jobId)?.total ?? 0);
  }

  /** What held the job up is gone: it is seen at the end whether anything moves in it. */
  look(jobId: string): void {
    this.#pendingOf(jobId).look = true;
  }

  log(jobId: string, event: JobLogEvent): void {
    this.#pendingOf(jobId).events.push(event);
  }

  /** What is left of the job is to be cancelled. */
  stop(jobId: string): void {
    this.#stopping.add(jobId);
  }

  customStall(jobId: string, stall: number): void {
    this.#customStalls.push({ jobId, stall });
  }

  /** Changes columns of a job that are not numbers of tasks. */
  async setJob(
    jobId: string,
    set: Partial<Pick<JobRow, 'status' | 'error' | 'stalls' | 'open' | 'finished_at'>>,
  ): Promise<void> {
    await this.trx.updateTable('dagger_jobs').set(set).where('id', '=', jobId).execute();
    this.#jobs.set(jobId, { ...this.job(jobId), ...set });
  }

  /** Ends a job; its tasks have ended. */
  async endJob(jobId: string, status: JobStatus, error: ErrorData | null): Promise<void> {
    await this.setJob(jobId, {
      status,
      error: error === null ? null : JSON.stringify(error),
      finished_at: this.now,
    });
    this.log(jobId, { type: 'JobFinished', status, error });
    this.#finished.push(jobId);
  }

  /**
   * Writes the numbers and the histories, ends the jobs that are over, and sees to those in which nothing can move. Some of it
   * is only sent: `written` waits for it.
   */
  async finish(): Promise<Effects> {
    // What follows from a stall may itself end a job; nothing goes round more often than that.
    for (let round = 0; this.#pending.size > 0 && round < 8; round++) {
      for (const jobId of this.#stopping) await this.#verdicts.stop(this, jobId);
      this.#stopping.clear();
      const changed = [...this.#pending];
      this.#pending.clear();
      for (const [job, change] of this.#write(changed)) await this.#judge(job, change);
    }
    return {
      logged: this.#logged,
      ready: this.ready,
      due: this.due,
      interrupted: this.interrupted,
      finished: this.#finished,
      customStalls: this.#customStalls,
    };
  }

  async #judge(job: LockedJob, { movable, total, unfinished, look }: Pending): Promise<void> {
    if (isJobOver(job.status as JobStatus)) return;
    const { maxTokens } = job.settings.limits;
    if (job.unfinished === 0) {
      if (job.open === 0) await this.#over(job);
    } else if (maxTokens !== null && job.tokens > maxTokens)
      await this.#verdicts.overBudget(this, job);
    // Said once: when the last thing that moved has come to rest, or what the rest waited for has ended.
    else if (
      job.movable === 0 &&
      job.status === 'running' &&
      (movable < 0 || total > 0 || unfinished < 0 || look)
    )
      await this.#verdicts.stuck(this, job);
  }

  /** Their locks are held, so what the numbers will be is known without asking for them. */
  #write(changed: readonly (readonly [string, Pending])[]): (readonly [LockedJob, Pending])[] {
    const { abilities } = this.storage;
    const written: (readonly [LockedJob, Pending])[] = [];
    const numbers: Cell[][] = [];
    const bodies: Cell[][] = [];
    for (const [jobId, pending] of changed) {
      const { events } = pending;
      const before = this.job(jobId);
      const job: LockedJob = {
        ...before,
        total: before.total + pending.total,
        unfinished: before.unfinished + pending.unfinished,
        movable: before.movable + pending.movable,
        failed: before.failed + pending.failed,
        tokens: before.tokens + pending.tokens,
        seq: before.seq + (events.length > 0 ? 1 : 0),
        progressed_at: this.now,
      };
      this.#jobs.set(jobId, job);
      written.push([job, pending]);
      const { total, unfinished, movable, failed, tokens, seq } = job;
      numbers.push([jobId, total, unfinished, movable, failed, tokens, seq]);
      if (events.length === 0) continue;
      bodies.push([jobId, seq, this.now, JSON.stringify(events)]);
      this.#logged.push({ jobId, seq, at: this.now, events });
    }
    this
      .send(sql`update dagger_jobs set total = e.c1, unfinished = e.c2, movable = e.c3, failed = e.c4, tokens = e.c5,
        seq = e.c6, progressed_at = ${this.now}
      from ${each(abilities, NUMBER_COLUMNS, numbers)} where dagger_jobs.id = e.c0`);
    if (bodies.length > 0)
      this.send(sql`insert into dagger_job_log (job_id, seq, at, body)
        select c0, c1, c2, c3 from ${each(abilities, LOG_COLUMNS, bodies)}`);
    return written;
  }

  /** Keeps what was read before it is needed. */
  keepAhead(read: unknown): void {
    this.#ahead = read;
  }

  /** What was read ahead, for whoever asks first; undefined if nothing was. */
  takeAhead<T>(): T | undefined {
    const read = this.#ahead as T | undefined;
    this.#ahead = undefined;
    return read;
  }

  /** Nobody needs the answer before the end. */
  send(statement: RawBuilder<unknown>): void {
    const sent = statement.execute(this.trx);
    sent.catch((error: unknown) => (this.#failure ??= { error }));
    this.#sent.push(sent);
  }

  /** Why the unit failed, which threw `thrown`: after a statement that fails the database refuses all others. */
  async reason(thrown: unknown): Promise<unknown> {
    await Promise.allSettled(this.#sent);
    return this.#failure === undefined ? thrown : this.#failure.error;
  }

  /** Resolves when everything that was sent has been done. */
  async written(): Promise<void> {
    await Promise.all(this.#sent.splice(0));
  }

  /** A job succeeds unless a task failed and nobody was there who went on all the same. */
  async #over(job: LockedJob): Promise<void> {
    const failure =
      job.failed === 0
        ? undefined
        : await this.trx
            .selectFrom('dagger_tasks as t')
            .select(['t.id', 't.error', 't.reason'])
            .where(ofJob(job.id, 't.id'))
            .where('t.state', 'in', ['failed', 'rejected'])
            // Its failure passed on to a task that needed it, or somebody went on all the same.
            .where((t) =>
              t.not(
                t.exists(
                  t
                    .selectFrom('dagger_task_edges as e')
                    .innerJoin('dagger_tasks as d', 'd.id', 'e.task_id')
                    .select('e.needs')
                    .whereRef('e.needs', '=', 't.id')
                    .where((e) =>
                      e.or([
                        e('e.on_failure', '=', 'continue'),
                        e.and([e('e.on_failure', '=', 'fail'), e('d.state', '=', 'failed')]),
                      ]),
                    ),
                ),
              ),
            )
            .orderBy('t.finished_at')
            .orderBy('t.ord')
            .limit(1)
            .executeTakeFirst();
    if (failure === undefined) {
      await this.endJob(job.id, 'succeeded', null);
      return;
    }
    const error = await this.#rootError(failure);
    await this.endJob(job.id, 'failed', error === null ? null : (JSON.parse(error) as ErrorData));
  }

  /** What went wrong first, where a failure only passed on that of another task. */
  async #rootError({ error, reason }: Pick<TaskRow, 'error' | 'reason'>): Promise<string | null> {
    const because = readReason(reason);
    if (because?.kind !== 'dependency') return error;
    const origin = await this.trx
      .selectFrom('dagger_tasks')
      .select('error')
      .where('id', '=', because.origin)
      .executeTakeFirst();
    return origin?.error ?? error;
  }
}

export const unknownJob = (jobId: string, { location }: Storage): DaggerError =>
  new DaggerError('JOB_UNKNOWN', `there is no job '${jobId}' in ${location}`, { ids: { jobId } });

export const unknownTask = (taskId: string, { location }: Storage): DaggerError =>
  new DaggerError('TASK_UNKNOWN', `there is no task '${taskId}' in ${location}`, {
    ids: { taskId },
  });
