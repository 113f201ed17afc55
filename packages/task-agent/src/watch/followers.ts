import { DaggerError, type CancelTimer, type Clock, type Logger, type Storage } from '@dagger/core';
import { EventStream, among } from '@dagger/core/kernel';
import { sql } from 'kysely';
import type { JobEvent, JobLogEvent, LiveTaskEvent } from '../lifecycle/events.ts';
import { isJobOver, type JobStatus } from '../lifecycle/states.ts';
import { tables } from '../store/reads.ts';
import type { JobRow } from '../store/tables.ts';
import type { Effects } from '../unit/unit.ts';
import { JobWatch, type LogEntry } from './job-watch.ts';

/** The topic on which is told that something happened to a job that others may wait for. */
export const JOBS_TOPIC = 'dagger_jobs';

/** Milliseconds between two looks at jobs that other processes work on; the longer one where the database tells. */
const LOOK = 200;
const RARE_LOOK = 1_000;
/** Rows of a history read at a time. */
const PAGE = 500;
/** Events that somebody who watches everything may be behind. */
const CAPACITY = 10_000;

interface Followed {
  watch: JobWatch | undefined;
  readonly waiting: { readonly resolve: () => void; readonly reject: (error: Error) => void }[];
}

/** The jobs that somebody in this process watches or waits for, wherever their tasks run. */
export class Followers {
  /** What this process does, to whatever job. */
  readonly all: EventStream<JobEvent> = new EventStream(CAPACITY, () => {});
  readonly #storage: Storage;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #jobs: Map<string, Followed> = new Map();
  #timer: CancelTimer | undefined;
  #looking: Promise<void> | undefined;
  #again = false;
  #unsubscribe: Promise<(() => Promise<void>) | undefined> | undefined;
  #closed = false;

  constructor(storage: Storage, clock: Clock, logger: Logger) {
    this.#storage = storage;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Resolves when the job is over. @throws DaggerError MANAGER_CLOSED */
  ended(jobId: string): Promise<void> {
    const ended = new Promise<void>((resolve, reject) => {
      if (this.#closed) {
        reject(closed());
        return;
      }
      this.#followed(jobId).waiting.push({ resolve, reject });
      this.look();
    });
    ended.catch(() => {});
    return ended;
  }

  /** The events of the job after row `seq` of its history; from now on where that is undefined. */
  watch(jobId: string, seq: number | undefined): JobWatch {
    const followed = this.#followed(jobId);
    followed.watch ??= new JobWatch(jobId, seq);
    this.look();
    return followed.watch;
  }

  #followed(jobId: string): Followed {
    let followed = this.#jobs.get(jobId);
    if (followed === undefined) {
      followed = { watch: undefined, waiting: [] };
      this.#jobs.set(jobId, followed);
      this.#subscribe();
      this.#arm();
    }
    return followed;
  }

  /** A commit of this process. */
  hear({ logged, finished }: Effects): void {
    if (this.all.watched)
      for (const { jobId, at, events } of logged)
        for (const event of events) this.#tellAll(event, jobId, at);
    if (this.#jobs.size === 0) return;
    const late = new Set<string>();
    for (const entry of logged) {
      const watch = this.#jobs.get(entry.jobId)?.watch;
      if (watch !== undefined && !watch.take(entry)) late.add(entry.jobId);
    }
    for (const jobId of finished) {
      const followed = this.#jobs.get(jobId);
      if (followed !== undefined && !late.has(jobId)) this.#over(jobId, followed);
    }
    if (late.size > 0) this.look();
  }

  live(jobId: string, event: LiveTaskEvent): void {
    if (this.all.watched) this.#tellAll(event, jobId, this.#clock.now());
    if (this.#jobs.size === 0) return;
    this.#jobs.get(jobId)?.watch?.live(event, this.#clock.now());
  }

  #tellAll(event: JobLogEvent | LiveTaskEvent, jobId: string, at: number): void {
    EventStream.emit(this.all, { ...event, jobId, at: new Date(at).toISOString() });
  }

  #over(jobId: string, followed: Followed): void {
    this.#jobs.delete(jobId);
    followed.watch?.end();
    for (const { resolve } of followed.waiting) resolve();
    if (this.#jobs.size === 0) this.#disarm();
  }

  /** Looks at the storage: something may have happened in another process. */
  look(): void {
    if (this.#closed || this.#jobs.size === 0) return;
    if (this.#looking !== undefined) {
      this.#again = true;
      return;
    }
    this.#looking = this.#look()
      .catch((error: unknown) =>
        this.#logger('warn', 'the jobs that are waited for could not be looked at', {
          error: error instanceof Error ? error.message : String(error),
        }),
      )
      .finally(() => {
        this.#looking = undefined;
        if (!this.#again) return;
        this.#again = false;
        this.look();
      });
  }

  async #look(): Promise<void> {
    const ids = [...this.#jobs.keys()];
    const { rows } = await sql<
      Pick<JobRow, 'id' | 'status' | 'seq'>
    >`select id, status, seq from dagger_jobs
      where id ${among(this.#storage.abilities, ids)}`.execute(tables(this.#storage));
    const known = new Map(rows.map((row) => [row.id, row]));
    for (const id of ids) {
      const row = known.get(id);
      const followed = this.#jobs.get(id);
      if (followed === undefined) continue;
      if (row === undefined) {
        this.#gone(id, followed);
        continue;
      }
      const { watch } = followed;
      watch?.beginAfter(row.seq);
      if (watch?.seq !== undefined && watch.seq < row.seq) await this.#catchUp(watch);
      if (isJobOver(row.status as JobStatus)) this.#over(id, followed);
    }
  }

  async #catchUp(watch: JobWatch): Promise<void> {
    for (;;) {
      const entries = await readLog(this.#storage, watch.jobId, watch.seq ?? 0);
      for (const entry of entries) watch.take(entry);
      if (entries.length < PAGE) return;
    }
  }

  /** It was deleted. */
  #gone(jobId: string, followed: Followed): void {
    const error = new DaggerError('JOB_UNKNOWN', `job '${jobId}' was deleted`, { ids: { jobId } });
    this.#jobs.delete(jobId);
    followed.watch?.end(error);
    for (const { reject } of followed.waiting) reject(error);
  }

  #subscribe(): void {
    this.#unsubscribe ??= this.#storage
      .subscribe?.(JOBS_TOPIC, () => this.look())
      .catch(() => undefined);
  }

  #arm(): void {
    if (this.#timer !== undefined || this.#closed) return;
    const pause = this.#storage.subscribe === undefined ? LOOK : RARE_LOOK;
    this.#timer = this.#clock.after(pause, () => {
      this.#timer = undefined;
      this.look();
      if (this.#jobs.size > 0) this.#arm();
    });
  }

  #disarm(): void {
    this.#timer?.();
    this.#timer = undefined;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#disarm();
    await this.#looking;
    for (const followed of this.#jobs.values()) {
      followed.watch?.end(closed());
      for (const { reject } of followed.waiting) reject(closed());
    }
    this.#jobs.clear();
    EventStream.end(this.all);
    await (
      await this.#unsubscribe
    )?.();
  }
}

const closed = (): DaggerError =>
  new DaggerError(
    'MANAGER_CLOSED',
    'the task manager was closed; the job goes on where others work',
  );

/** The history of a job after a row, the oldest first. */
export const readLog = async (
  storage: Storage,
  jobId: string,
  after: number,
  limit: number = PAGE,
): Promise<LogEntry[]> => {
  const rows = await tables(storage)
    .selectFrom('dagger_job_log')
    .select(['seq', 'at', 'body'])
    .where('job_id', '=', jobId)
    .where('seq', '>', after)
    .orderBy('seq')
    .limit(limit)
    .execute();
  return rows.map(({ seq, at, body }) => ({
    seq,
    at,
    events: JSON.parse(body) as readonly JobLogEvent[],
  }));
};
