import type { TaskManager, TaskReason, TaskState } from '@dagger/tasks';
import { violated } from './violation.ts';

const KINDS: { readonly [S in TaskState]?: readonly TaskReason['kind'][] } = {
  pending: ['needs_tasks', 'delayed', 'retrying'],
  ready: ['queued', 'no_worker'],
  in_progress: ['running', 'worker_gone'],
  blocked: ['needs_tasks', 'blocked_by_agent', 'crashed'],
  in_review: ['in_review'],
  paused: ['paused', 'job_paused'],
};

/** Every unfinished task must have a reason that fits. @throws Violation */
export const checkReasons = async (
  manager: TaskManager,
  tasks: readonly { readonly id: string; readonly state: TaskState }[],
): Promise<void> => {
  for (const { id, state } of tasks) {
    const { reason, roots, text } = await manager.why(id);
    if (!(KINDS[state] ?? []).includes(reason.kind))
      violated(`task '${id}' is ${state}, and why() says ${reason.kind}: ${text}`);
    if (reason.kind === 'needs_tasks' && (reason.tasks.length === 0 || roots.length === 0))
      violated(`task '${id}' is ${state}, and why() names no task that it waits for: ${text}`);
  }
};
