import type { ErrorData, JsonValue, Storage } from '@dagger/core';
import { sealParsed, among } from '@dagger/core/kernel';
import { sql, type Kysely } from 'kysely';
import type { DependencyOutcome } from '../agent/context.ts';
import type { TaskState } from '../lifecycle/states.ts';
import { isSuccess } from '../lifecycle/states.ts';
import { keyIn } from '../spec/task-id.ts';
import { isStorable } from './storable.ts';
import type { TaskRow, TaskTables } from './tables.ts';

/** The database of a storage with the tables of tasks. */
export const tables = (storage: Storage): Kysely<TaskTables> => storage.db;

export const taskRow = async (
  db: Kysely<TaskTables>,
  taskId: string,
): Promise<TaskRow | undefined> =>
  !isStorable(taskId)
    ? undefined
    : db.selectFrom('dagger_tasks').selectAll().where('id', '=', taskId).executeTakeFirst();

type OutcomeRow = Pick<TaskRow, 'id' | 'agent' | 'state' | 'output' | 'error'>;

/** What became of the tasks that one needs, or of some by their ids. */
export const outcomesOf = async (
  storage: Storage,
  which: { readonly of: string } | { readonly ids: readonly string[] },
): Promise<readonly DependencyOutcome[]> => {
  const db = tables(storage);
  const { rows } = await (
    'of' in which
      ? sql<OutcomeRow>`select t.id, t.agent, t.state, t.output, t.error from dagger_task_edges as e
        join dagger_tasks as t on t.id = e.needs where e.task_id = ${which.of} order by t.ord`
      : sql<OutcomeRow>`select id, agent, state, output, error from dagger_tasks
        where id ${among(storage.abilities, which.ids)}`
  ).execute(db);
  return rows.map(outcome);
};

const outcome = ({ id, agent, state, output, error }: OutcomeRow): DependencyOutcome => {
  const isDone = isSuccess(state as TaskState);
  return {
    taskId: id,
    key: keyIn(id),
    agent,
    state: state as TaskState,
    output: isDone && output !== null ? sealParsed(JSON.parse(output) as JsonValue) : null,
    error: isDone || error === null ? null : (JSON.parse(error) as ErrorData),
  };
};

export const readStateValue = async (
  storage: Storage,
  jobId: string,
  key: string,
): Promise<JsonValue | undefined> => {
  const row = await tables(storage)
    .selectFrom('dagger_job_state')
    .select('value')
    .where('job_id', '=', jobId)
    .where('key', '=', key)
    .executeTakeFirst();
  return row === undefined ? undefined : (JSON.parse(row.value) as JsonValue);
};
