import { TaskManager } from '@dagger/tasks';
import type { JobCrashScenario, JobCrashWorld } from '../../src/tasks/index.ts';

export const open = ({ options, track }: JobCrashWorld): Promise<TaskManager> =>
  TaskManager.open({
    ...options,
    agents: [track({ name: 'work', execute: ({ taskId }) => ({ by: taskId }) })],
  });

export const start: JobCrashScenario['start'] = async (manager) => [
  await manager.startJob({
    id: 'j',
    tasks: [
      { key: 'a', agent: 'work' },
      { key: 'b', agent: 'work', needs: ['a'] },
    ],
  }),
];

/** Two tasks, one after the other. */
export const scenario: JobCrashScenario = { name: 'job chain', open, start };
