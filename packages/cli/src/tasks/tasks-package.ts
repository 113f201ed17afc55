import type * as Tasks from '@dagger/tasks';
import { optionalPackage } from '../optional-package.ts';

/** What `@dagger/tasks` exports. It may be absent, so it is loaded by the commands that need it. */
export type TasksPackage = typeof Tasks;

/** @throws InvalidCommandLine saying what to install */
export const tasksPackage = (): Promise<TasksPackage> =>
  optionalPackage('@dagger/tasks', () => import('@dagger/tasks'));
