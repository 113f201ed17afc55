import type { Storage } from '@dagger/core';
import { TaskManager, type JobHandle } from '@dagger/tasks';
import { comparer, weatherReader } from './agents.ts';

export const openWeather = (storage: Storage): Promise<TaskManager> =>
  TaskManager.open({ storage, agents: [weatherReader, comparer] });

/** Two readings at the same time, and an objective that needs both. The id makes it one job however often it is started. */
export const compareWeather = (manager: TaskManager): Promise<JobHandle> =>
  manager.startJob({
    id: 'weather',
    objective: {
      agent: comparer,
      title: 'Where does it rain more?',
      needs: ['seattle', 'new-york'],
    },
    tasks: [
      { key: 'seattle', agent: weatherReader, input: { city: 'Seattle' } },
      { key: 'new-york', agent: weatherReader, input: { city: 'New York' } },
    ],
  });
