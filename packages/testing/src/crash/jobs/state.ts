import type { Storage } from '@dagger/core';
import type { TaskManager } from '@dagger/tasks';
import { readTaskTables, type TaskTablesContent } from '../../tasks/tables.ts';

/** What became of a task, without times. */
export interface TaskStateData {
  readonly agent: string;
  readonly parentId: string | null;
  readonly type: string;
  readonly state: string;
  readonly input: string;
  readonly output: string | null;
  readonly error: string | null;
  /** The kind of `why`. */
  readonly why: string;
  readonly onCrash: string;
  readonly failures: number;
  readonly crashes: number;
  readonly rejections: number;
  readonly runs: number;
}

/** What became of a job, without times. */
export interface JobStateData {
  readonly status: string;
  readonly error: string | null;
  readonly counts: { readonly total: number; readonly unfinished: number; readonly failed: number };
  readonly tasks: { readonly [taskId: string]: TaskStateData };
  /** Shared values; lists in an order of their own, because tasks append to them at the same time. */
  readonly shared: { readonly [key: string]: unknown };
  /** The types of the events of the history and their tasks. */
  readonly events: readonly string[];
}

/** The jobs that a storage holds, by their ids. */
export type JobStates = { readonly [jobId: string]: JobStateData };

export const eventName = (event: { readonly type: string }): string =>
  'taskId' in event ? `${event.type} ${String(event.taskId)}` : event.type;

/** `observer` is a manager that does not work. */
export const jobStates = async (storage: Storage, observer: TaskManager): Promise<JobStates> => {
  const content = await readTaskTables(storage);
  const states: Record<string, JobStateData> = {};
  for (const job of content.jobs) {
    const { id, status, error, total, unfinished, failed } = job;
    states[id] = {
      status,
      error: codeIn(error),
      counts: { total, unfinished, failed },
      tasks: await tasksOf(id, content, observer),
      shared: sharedOf(id, content),
      events: content.log
        .filter(({ job_id }) => job_id === id)
        .flatMap(({ body }) => JSON.parse(body) as { readonly type: string }[])
        .map(eventName),
    };
  }
  return states;
};

const codeIn = (error: string | null): string | null =>
  error === null ? null : (JSON.parse(error) as { readonly code: string }).code;

const tasksOf = async (
  jobId: string,
  { tasks }: TaskTablesContent,
  observer: TaskManager,
): Promise<JobStateData['tasks']> => {
  const states: Record<string, TaskStateData> = {};
  for (const task of tasks) {
    if (task.job_id !== jobId) continue;
    const { agent, type, state, input, output, failures, crashes, rejections } = task;
    states[task.id] = {
      agent,
      parentId: task.parent_id,
      type,
      state,
      input,
      output,
      error: codeIn(task.error),
      why: (await observer.why(task.id)).reason.kind,
      onCrash:
        (JSON.parse(task.options ?? '{}') as { readonly onCrash?: string }).onCrash ?? 'retry',
      failures,
      crashes,
      rejections,
      runs: task.fence,
    };
  }
  return states;
};

const sharedOf = (jobId: string, { shared }: TaskTablesContent): JobStateData['shared'] =>
  Object.fromEntries(
    shared
      .filter(({ job_id }) => job_id === jobId)
      .map(({ key, value }) => {
        const parsed: unknown = JSON.parse(value);
        return [key, Array.isArray(parsed) ? parsed.map((v) => JSON.stringify(v)).sort() : parsed];
      }),
  );
