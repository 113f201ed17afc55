import type { Storage } from '@dagger/core';
import type { TaskManager, TaskManagerOptions } from '@dagger/tasks';
import { existingStorage, placeOf, usable, type Contents } from '../storage.ts';
import { storageAt } from '../storage-adapter.ts';
import { tasksPackage, type TasksPackage } from './tasks-package.ts';

const JOBS: Contents = {
  table: 'dagger_jobs',
  things: 'jobs',
  example: 'sqlite:tasks.db',
  never: 'no job was started on it yet',
};

/** A manager and the storage below it; leaving the block closes both. */
export interface OpenTasks extends AsyncDisposable {
  readonly tasks: TasksPackage;
  readonly manager: TaskManager;
}

const open = async (
  tasks: TasksPackage,
  storage: Storage,
  options: Omit<TaskManagerOptions, 'storage'>,
): Promise<OpenTasks> => {
  try {
    const manager = await usable(() => tasks.TaskManager.open({ ...options, storage }));
    return {
      tasks,
      manager,
      async [Symbol.asyncDispose]() {
        await manager.close();
        await storage.close();
      },
    };
  } catch (error) {
    await storage.close();
    throw error;
  }
};

/** Tasks in storage that must be there already: a mistyped path must not become an empty database. */
export const openTasks = async (
  storage: string | undefined,
  options: Omit<TaskManagerOptions, 'storage'> = { work: false },
): Promise<OpenTasks> => {
  const tasks = await tasksPackage();
  return open(tasks, await existingStorage(storage, JOBS), options);
};

/** Tasks in storage that is made where it is not there yet. */
export const openNewTasks = async (
  storage: string | undefined,
  options: Omit<TaskManagerOptions, 'storage'>,
): Promise<OpenTasks> => {
  const tasks = await tasksPackage();
  const url = placeOf(storage, JOBS);
  return open(tasks, await usable(() => storageAt(url)), options);
};
