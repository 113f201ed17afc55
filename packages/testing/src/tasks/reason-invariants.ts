import type { TaskManager, TaskRow, Why } from '@dagger/tasks';
import { hasEnded } from './ends.ts';
import type { TaskTablesContent } from './tables.ts';

/** The reasons that a task in each state may have. */
const REASONS: { readonly [state: string]: readonly Why['reason']['kind'][] } = {
  pending: ['needs_tasks', 'delayed', 'retrying'],
  ready: ['queued', 'no_worker'],
  in_progress: ['running', 'worker_gone'],
  blocked: ['needs_tasks', 'blocked_by_agent', 'crashed'],
  in_review: ['in_review'],
  paused: ['paused', 'job_paused'],
};

/** Tasks of which nobody can say why they do not move. */
export const reasonProblems = async (
  { tasks }: TaskTablesContent,
  observer: TaskManager,
): Promise<string[]> => {
  const problems: string[] = [];
  for (const task of tasks) {
    if (hasEnded(task)) continue;
    for (const what of await wrongWith(task, observer))
      problems.push(`task '${task.id}' (${task.state}): ${what}`);
  }
  return problems;
};

const wrongWith = async (task: TaskRow, observer: TaskManager): Promise<string[]> => {
  let why: Why;
  try {
    why = await observer.why(task.id);
  } catch (error) {
    return [`why() throws ${String(error)}`];
  }
  const { reason, roots, text } = why;
  const problems: string[] = [];
  if (!(REASONS[task.state] ?? []).includes(reason.kind))
    problems.push(`its reason is '${reason.kind}': ${text}`);
  if (reason.kind === 'needs_tasks' && reason.tasks.length === 0)
    problems.push('it waits for tasks, and there are none');
  if (reason.kind === 'needs_tasks' && roots.length === 0)
    problems.push('it waits for tasks, and nothing is at the end of the line');
  if (reason.kind === 'delayed' && task.run_at === 0)
    problems.push('it waits for a time, and there is none');
  return problems;
};
