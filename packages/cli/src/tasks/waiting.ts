import type { TaskManager, Why } from '@dagger/tasks';
import { MOST_HINTS } from '../report/how-to-decide.ts';

/** The tasks of a job, or of all, that wait for a decision and for no other task. */
export const waitingTasks = async (
  manager: TaskManager,
  jobId?: string,
): Promise<readonly Why[]> => {
  const held = await manager.tasks({
    ...(jobId === undefined ? {} : { jobId }),
    state: ['in_review', 'paused', 'blocked'],
  });
  const found: Why[] = [];
  for (const task of held) {
    if (task.waitsFor > 0 || found.length > MOST_HINTS) continue;
    found.push(await manager.why(task.id));
  }
  return found;
};
