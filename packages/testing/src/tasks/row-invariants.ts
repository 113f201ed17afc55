import { TASK_STATES, type TaskRow } from '@dagger/tasks';
import { hasEnded } from './ends.ts';
import type { TaskTablesContent } from './tables.ts';

/** What is wrong with the rows of tasks, each seen by itself. */
export const rowProblems = ({ tasks, jobs }: TaskTablesContent): string[] => {
  const ids = new Set(tasks.map(({ id }) => id));
  const jobIds = new Set(jobs.map(({ id }) => id));
  return tasks.flatMap((task) => {
    const wrong = [...faults(task)];
    if (!jobIds.has(task.job_id)) wrong.push(`its job '${task.job_id}' is not there`);
    if (task.parent_id !== null && !ids.has(task.parent_id))
      wrong.push(`its parent '${task.parent_id}' is not there`);
    return wrong.map((what) => `task '${task.id}' (${task.state}): ${what}`);
  });
};

function* faults(task: TaskRow): Generator<string> {
  const { state, worker, output, error, finished_at, fence, waiting } = task;
  if (!(TASK_STATES as readonly string[]).includes(state)) yield 'there is no such state';
  if ((state === 'in_progress') !== (worker !== null)) yield `its worker is ${worker ?? 'nobody'}`;
  if (hasEnded(task) !== (finished_at !== null))
    yield finished_at === null ? 'it has no time of its end' : 'it has a time of its end';
  if (['completed', 'accepted', 'in_review'].includes(state) && output === null)
    yield 'it has no output';
  if (['failed', 'rejected'].includes(state) && error === null) yield 'it has no error';
  if (['in_progress', 'completed', 'accepted', 'in_review'].includes(state) && fence < 1)
    yield 'nobody ever took it';
  if (waiting < 0) yield `it waits for ${waiting} tasks`;
}
