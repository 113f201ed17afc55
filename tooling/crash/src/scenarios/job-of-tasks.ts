import { TaskManager } from '@dagger/tasks';
import type { JobCrashScenario } from '@dagger/testing/tasks';

/** Tasks that were all there from the beginning: priorities, retries, and failures that are gone past, skipped or passed on. */
export const scenario: JobCrashScenario = {
  name: 'job of tasks',
  open: ({ options, track }) =>
    TaskManager.open({
      ...options,
      concurrency: 2,
      agents: [
        track({ name: 'work', execute: ({ taskId }) => ({ by: taskId }) }),
        track({
          name: 'flaky',
          retry: { attempts: 5, strategy: { type: 'immediate' } },
          execute: ({ attempt }) => {
            if (attempt < 2) throw new Error('not yet');
            return { done: true };
          },
        }),
        track({
          name: 'late',
          retry: { attempts: 5, strategy: { type: 'linear', delay: 0.1 } },
          execute: ({ attempt }) => {
            if (attempt < 2) throw new Error('later');
            return { done: true };
          },
        }),
        track({
          name: 'broken',
          retry: { attempts: 1 },
          execute: () => {
            throw new Error('broken');
          },
        }),
      ],
    }),
  start: async (manager) => [
    await manager.startJob({
      id: 'tasks',
      tasks: [
        { key: 'a', agent: 'work', priority: 5 },
        { key: 'flaky', agent: 'flaky', needs: ['a'] },
        { key: 'late', agent: 'late' },
        { key: 'broken', agent: 'broken', priority: 9 },
        {
          key: 'mend',
          agent: 'work',
          needs: [{ task: 'broken', onFailure: 'continue' }, 'flaky', 'late'],
        },
        { key: 'skipped', agent: 'work', needs: [{ task: 'broken', onFailure: 'skip' }, 'a'] },
        { key: 'failed too', agent: 'work', needs: ['broken', 'late'] },
      ],
    }),
  ],
};
