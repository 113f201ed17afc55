import type { ErrorData, Storage } from '@dagger/core';
import { isDead } from '@dagger/core/kernel';
import { sql } from 'kysely';
import { readReason } from '../lifecycle/reason.ts';
import { isEnd, isSuccess, type TaskState, UNFINISHED } from '../lifecycle/states.ts';
import { states } from '../store/states-sql.ts';
import { tables, taskRow } from '../store/reads.ts';
import type { TaskRow } from '../store/tables.ts';
import { placeOf } from '../unit/crash.ts';
import { unknownTask } from '../unit/unit.ts';

/** Why a task is where it is. Every unfinished task has one of these. */
export type TaskReason =
  | {
      readonly kind: 'needs_tasks';
      readonly tasks: readonly { readonly id: string; readonly state: TaskState }[];
    }
  | { readonly kind: 'delayed'; readonly until: string }
  | { readonly kind: 'retrying'; readonly until: string; readonly error: ErrorData | null }
  /** No living worker runs its agent. */
  | { readonly kind: 'no_worker'; readonly agent: string }
  /** Workers are busy; so many tasks of its agent are before it. */
  | { readonly kind: 'queued'; readonly before: number }
  | {
      readonly kind: 'running';
      readonly worker: string;
      readonly since: string;
      readonly lastProgress: string;
    }
  /** Its worker is gone; the others are about to notice. */
  | { readonly kind: 'worker_gone'; readonly worker: string }
  | { readonly kind: 'blocked_by_agent'; readonly message: string }
  | { readonly kind: 'crashed'; readonly worker: string }
  | {
      readonly kind: 'in_review';
      readonly reviewer: string | null;
      readonly reviewTask: string | null;
    }
  | { readonly kind: 'paused'; readonly message: string | null }
  | { readonly kind: 'job_paused' }
  | { readonly kind: 'completed' }
  | { readonly kind: 'accepted' }
  | { readonly kind: 'failed'; readonly error: ErrorData | null }
  | { readonly kind: 'rejected'; readonly error: ErrorData | null }
  | { readonly kind: 'dependency'; readonly taskId: string; readonly state: string }
  | { readonly kind: 'cancelled'; readonly message: string };

export interface Why {
  readonly taskId: string;
  readonly state: TaskState;
  readonly reason: TaskReason;
  /** The same in words. */
  readonly text: string;
  /** Where it waits for others: those at the end of the lines, which hold everything up. */
  readonly roots: readonly {
    readonly id: string;
    readonly state: TaskState;
    readonly text: string;
  }[];
}

const iso = (ms: number): string => new Date(ms).toISOString();

/** Tells why a task does not move, or what became of it. @throws DaggerError TASK_UNKNOWN */
export const why = async (storage: Storage, taskId: string, now: number): Promise<Why> => {
  const row = await taskRow(tables(storage), taskId);
  if (row === undefined) throw unknownTask(taskId, storage);
  const reason = await reasonOf(storage, row, now);
  const roots: Why['roots'][number][] = [];
  if (reason.kind === 'needs_tasks')
    for (const root of await rootsOf(storage, taskId)) {
      const rootReason = await reasonOf(storage, root, now);
      roots.push({ id: root.id, state: root.state as TaskState, text: inWords(rootReason) });
    }
  return { taskId, state: row.state as TaskState, reason, text: inWords(reason), roots };
};

const MOST_ROOTS = 20;

/** The unfinished tasks upstream that wait for no task themselves. */
const rootsOf = async (storage: Storage, taskId: string): Promise<readonly TaskRow[]> => {
  const unfinished = states(UNFINISHED);
  const { rows } = await sql<TaskRow>`with recursive up(id) as (
      select e.needs from dagger_task_edges as e join dagger_tasks as t on t.id = e.needs
        where e.task_id = ${taskId} and t.state in ${unfinished}
      union
      select e.needs from up join dagger_task_edges as e on e.task_id = up.id
        join dagger_tasks as t on t.id = e.needs where t.state in ${unfinished})
    select t.* from up join dagger_tasks as t on t.id = up.id
    where t.waiting = 0 order by t.ord limit ${MOST_ROOTS}`.execute(tables(storage));
  return rows;
};

const reasonOf = async (storage: Storage, row: TaskRow, now: number): Promise<TaskReason> => {
  const state = row.state as TaskState;
  if (isEnd(state)) return endOf(row, state);
  const reason = readReason(row.reason);
  const error = row.error === null ? null : (JSON.parse(row.error) as ErrorData);
  switch (state) {
    case 'paused':
      return reason?.kind === 'paused' && reason.message !== null
        ? { kind: 'paused', message: reason.message }
        : { kind: 'job_paused' };
    case 'in_review':
      return {
        kind: 'in_review',
        reviewer: reason?.kind === 'review' ? reason.reviewer : null,
        reviewTask: await reviewTaskOf(storage, row),
      };
    case 'in_progress':
      return running(storage, row, now);
    case 'ready':
      return queued(storage, row, now);
    default:
      if (reason?.kind === 'agent') return { kind: 'blocked_by_agent', message: reason.message };
      if (reason?.kind === 'crash') return { kind: 'crashed', worker: reason.worker };
      if (row.waiting > 0) return { kind: 'needs_tasks', tasks: await needed(storage, row.id) };
      return row.failures > 0
        ? { kind: 'retrying', until: iso(row.run_at), error }
        : { kind: 'delayed', until: iso(row.run_at) };
  }
};

const endOf = (row: TaskRow, state: TaskState): TaskReason => {
  const reason = readReason(row.reason);
  const error = row.error === null ? null : (JSON.parse(row.error) as ErrorData);
  if (isSuccess(state)) return { kind: state === 'accepted' ? 'accepted' : 'completed' };
  if (reason?.kind === 'dependency')
    return { kind: 'dependency', taskId: reason.taskId, state: reason.state };
  if (state === 'cancelled')
    return { kind: 'cancelled', message: reason?.kind === 'cancelled' ? reason.message : '' };
  return { kind: state === 'rejected' ? 'rejected' : 'failed', error };
};

const needed = async (
  storage: Storage,
  taskId: string,
): Promise<readonly { readonly id: string; readonly state: TaskState }[]> => {
  const { rows } = await sql<{
    readonly id: string;
    readonly state: TaskState;
  }>`select t.id, t.state
    from dagger_task_edges as e join dagger_tasks as t on t.id = e.needs
    where e.task_id = ${taskId} and t.state in ${states(UNFINISHED)}
    order by t.ord limit 100`.execute(tables(storage));
  return rows;
};

const reviewTaskOf = async (storage: Storage, row: TaskRow): Promise<string | null> => {
  const task = await tables(storage)
    .selectFrom('dagger_tasks')
    .select('id')
    .where('id', '=', `${row.id}/review-${row.rejections + 1}`)
    .executeTakeFirst();
  return task?.id ?? null;
};

const running = async (storage: Storage, row: TaskRow, now: number): Promise<TaskReason> => {
  const worker = row.worker ?? '';
  const alive = await tables(storage)
    .selectFrom('dagger_workers')
    .select('lease_until')
    .where('id', '=', worker)
    .executeTakeFirst();
  if (alive === undefined || alive.lease_until < now || isDead(worker))
    return { kind: 'worker_gone', worker: placeOf(worker) };
  const since = row.started_at ?? now;
  return {
    kind: 'running',
    worker: placeOf(worker),
    since: iso(since),
    lastProgress: iso(row.beat_at ?? since),
  };
};

const queued = async (storage: Storage, row: TaskRow, now: number): Promise<TaskReason> => {
  const db = tables(storage);
  const workers = await db
    .selectFrom('dagger_workers')
    .select(['id', 'agents'])
    .where('lease_until', '>=', now)
    .execute();
  if (
    !workers.some(
      ({ id, agents }) => !isDead(id) && (JSON.parse(agents) as string[]).includes(row.agent),
    )
  )
    return { kind: 'no_worker', agent: row.agent };
  const { rows } = await sql<{
    readonly n: number;
  }>`select cast(count(*) as bigint) as n from dagger_tasks
    where state = 'ready' and agent = ${row.agent}
      and (rank > ${row.rank} or (rank = ${row.rank} and ord < ${row.ord}))`.execute(db);
  return { kind: 'queued', before: rows[0]?.n ?? 0 };
};

const inWords = (reason: TaskReason): string => {
  switch (reason.kind) {
    case 'needs_tasks': {
      const shown = reason.tasks.slice(0, 5).map(({ id, state }) => `'${id}' (${state})`);
      const more = reason.tasks.length > shown.length ? ', …' : '';
      return `it waits for ${shown.join(', ')}${more}`;
    }
    case 'delayed':
      return `it is not to run before ${reason.until}`;
    case 'retrying':
      return `it is tried again at ${reason.until}, after ${reason.error?.code ?? 'a failure'}: ${reason.error?.message ?? ''}`;
    case 'no_worker':
      return `no living worker runs the agent '${reason.agent}'`;
    case 'queued':
      return `it is ready, and ${reason.before} ${reason.before === 1 ? 'task' : 'tasks'} of its agent ${reason.before === 1 ? 'is' : 'are'} before it`;
    case 'running':
      return `it has been running on ${reason.worker} since ${reason.since}, with the last sign of progress at ${reason.lastProgress}`;
    case 'worker_gone':
      return `its worker (${reason.worker}) is gone; another one takes it over`;
    case 'blocked_by_agent':
      return `its agent cannot go on: ${reason.message}`;
    case 'crashed':
      return `its worker (${reason.worker}) died and it must not run twice without a decision: retry or cancel it`;
    case 'in_review':
      return reason.reviewer === null
        ? 'its output waits for a person to accept or reject it'
        : `its output is reviewed by '${reason.reviewer}'${reason.reviewTask === null ? '' : ` in '${reason.reviewTask}'`}`;
    case 'paused':
      return `it is paused${reason.message === null || reason.message === '' ? '' : `: ${reason.message}`}`;
    case 'job_paused':
      return 'its job is paused';
    case 'completed':
      return 'it is completed';
    case 'accepted':
      return 'its output was accepted';
    case 'failed':
      return `it failed with ${reason.error?.code ?? 'an error'}: ${reason.error?.message ?? ''}`;
    case 'rejected':
      return `its output was rejected: ${reason.error?.message ?? ''}`;
    case 'dependency':
      return `'${reason.taskId}', which it needs, did not succeed`;
    case 'cancelled':
      return `it was cancelled${reason.message === '' ? '' : `: ${reason.message}`}`;
  }
};
