import { TaskManager } from '@dagger/tasks';
import type { JobCrashScenario } from '@dagger/testing/tasks';

/** A subtree that is cancelled while it runs, and a job that is held while a task runs, and let go. */
export const scenario: JobCrashScenario = {
  name: 'held job',
  open: ({ options, track, wait }) =>
    TaskManager.open({
      ...options,
      agents: [
        track({ name: 'work', execute: ({ taskId }) => ({ by: taskId }) }),
        track({
          name: 'slow',
          async execute({ taskId }) {
            await wait(100);
            return { by: taskId };
          },
        }),
        track({
          name: 'endless',
          execute: ({ signal }) =>
            new Promise<never>((_, reject) => {
              signal.addEventListener('abort', () => reject(signal.reason as Error));
            }),
        }),
      ],
    }),
  start: async (manager) => [
    await manager.startJob({
      id: 'held',
      tasks: [
        { key: 'tree', agent: 'endless' },
        { key: 'branch', agent: 'endless', parent: 'tree' },
        { key: 'twig', agent: 'work', parent: 'branch', needs: ['slow'] },
        { key: 'slow', agent: 'slow' },
        { key: 'after', agent: 'work', needs: ['slow'] },
        { key: 'in spite', agent: 'work', needs: [{ task: 'branch', onFailure: 'continue' }] },
      ],
    }),
  ],
  async decide(manager) {
    const [job, tasks, history] = await Promise.all([
      manager.job('held'),
      manager.tasks({ jobId: 'held' }),
      manager.history('held'),
    ]);
    const stateOf = (key: string): string | undefined => tasks.find((t) => t.key === key)?.state;
    if (job.status === 'paused') {
      if (stateOf('slow') === 'in_progress') return false;
      await manager.resumeJob('held');
      return true;
    }
    if (job.status !== 'running') return false;
    if (stateOf('tree') !== 'cancelled') {
      if (stateOf('branch') !== 'in_progress') return false;
      await manager.cancelTask('held/tree', 'no more');
      return true;
    }
    if (history.some(({ type }) => type === 'JobPaused')) return false;
    await manager.pauseJob('held', 'wait');
    return true;
  },
};
