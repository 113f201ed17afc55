import type { Clock, JsonValue, Storage } from '@dagger/core';
import type { DependencyOutcome } from '../agent/context.ts';
import type { JobEvent } from '../lifecycle/events.ts';
import { SUCCESSES } from '../lifecycle/states.ts';
import { jobToDot } from '../picture/dot.ts';
import type { JobPicture } from '../picture/job-picture.ts';
import { jobToMermaid } from '../picture/mermaid.ts';
import { keyIn } from '../spec/task-id.ts';
import type { OnDependencyFailure } from '../spec/task-spec.ts';
import { outcomesOf, readStateValue, tables, taskRow } from '../store/reads.ts';
import { isStorable } from '../store/storable.ts';
import type { JobRow } from '../store/tables.ts';
import { unknownJob } from '../unit/unit.ts';
import { readLog } from '../watch/followers.ts';
import type { JobFilter, TaskFilter } from './task-filter.ts';
import { jobView, taskView, type JobResult, type JobView, type TaskView } from './views.ts';
import { why, type Why } from './why.ts';
import { ofJob } from '../store/below.ts';

/** What can be read of jobs and tasks. */
export class TaskReader {
  readonly storage: Storage;
  readonly #clock: Clock;

  /** @internal */
  constructor(storage: Storage, clock: Clock) {
    this.storage = storage;
    this.#clock = clock;
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
      .where(ofJob(jobId))
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
    if (jobId !== undefined) query = query.where(ofJob(jobId));
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
      .where(ofJob(jobId))
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
      .where(ofJob(jobId, 'needs'))
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
}
