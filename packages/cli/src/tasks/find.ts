import { DaggerError } from '@dagger/core';
import type { JobView, TaskManager, TaskTables, TaskView } from '@dagger/tasks';

type Table = 'dagger_jobs' | 'dagger_tasks';

/** The id that begins so, if it is the only one. */
const onlyOne = async (
  { storage }: TaskManager,
  table: Table,
  prefix: string,
): Promise<string | undefined> => {
  const rows = await storage.db
    .$extendTables<Pick<TaskTables, Table>>()
    .selectFrom(table)
    .select('id')
    .where(
      // Characters, as databases count them.
      (eb) => eb.fn<string>('substr', ['id', eb.lit(1), eb.lit(Array.from(prefix).length)]),
      '=',
      prefix,
    )
    .limit(2)
    .execute();
  return rows.length === 1 ? rows[0]?.id : undefined;
};

const unknown = async (
  manager: TaskManager,
  id: string,
  tables: readonly Table[],
): Promise<DaggerError> => {
  const what = tables.map((table) => (table === 'dagger_jobs' ? 'job' : 'task')).join(' or ');
  const hints = [];
  for (const table of id === '' ? [] : tables) {
    const meant = await onlyOne(manager, table, id);
    if (meant !== undefined) hints.push(`; did you mean '${meant}'?`);
  }
  return new DaggerError(
    tables.includes('dagger_tasks') ? 'TASK_UNKNOWN' : 'JOB_UNKNOWN',
    `there is no ${what} '${id}' in ${manager.storage.location}${hints[0] ?? ''}`,
  );
};

const jobOf = async (manager: TaskManager, id: string): Promise<JobView | undefined> => {
  try {
    return await manager.job(id);
  } catch (error) {
    if (error instanceof DaggerError && error.code === 'JOB_UNKNOWN') return undefined;
    throw error;
  }
};

/** @throws DaggerError TASK_UNKNOWN with the id that was meant, where that is clear */
export const findTask = async (manager: TaskManager, id: string): Promise<TaskView> => {
  const task = await manager.getTask(id);
  if (task !== undefined) return task;
  if ((await jobOf(manager, id)) !== undefined)
    throw new DaggerError(
      'TASK_UNKNOWN',
      `'${id}' is a job, and this command takes a task of it: see \`dagger tasks tree\``,
    );
  throw await unknown(manager, id, ['dagger_tasks']);
};

/** @throws DaggerError JOB_UNKNOWN with the id that was meant, where that is clear */
export const findJob = async (manager: TaskManager, id: string): Promise<JobView> => {
  const job = await jobOf(manager, id);
  if (job !== undefined) return job;
  const task = await manager.getTask(id);
  if (task !== undefined)
    throw new DaggerError('JOB_UNKNOWN', `'${id}' is a task; its job is '${task.jobId}'`);
  throw await unknown(manager, id, ['dagger_jobs']);
};

/** A task or a job; where both have the id, the task, which is less. @throws DaggerError TASK_UNKNOWN */
export const findEither = async (
  manager: TaskManager,
  id: string,
): Promise<{ readonly task: TaskView } | { readonly job: JobView }> => {
  const task = await manager.getTask(id);
  if (task !== undefined) return { task };
  const job = await jobOf(manager, id);
  if (job !== undefined) return { job };
  throw await unknown(manager, id, ['dagger_jobs', 'dagger_tasks']);
};
