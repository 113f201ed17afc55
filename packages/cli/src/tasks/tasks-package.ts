import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as Tasks from '@dagger/tasks';
import { InvalidCommandLine } from '../invalid-command-line.ts';

/** What `@dagger/tasks` exports. It may be absent, so it is loaded by the commands that need it. */
export type TasksPackage = typeof Tasks;

/** Beside this command; or in the project, where the command is installed for the whole machine. */
const PLACES: readonly (() => Promise<TasksPackage>)[] = [
  () => import('@dagger/tasks'),
  () => {
    const project = createRequire(pathToFileURL(join(process.cwd(), 'index.js')));
    return import(pathToFileURL(project.resolve('@dagger/tasks')).href) as Promise<TasksPackage>;
  },
];

/** Whether the package itself is not there; one that is broken says so by itself. */
const isAbsent = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  (error.code === 'ERR_MODULE_NOT_FOUND' || error.code === 'MODULE_NOT_FOUND') &&
  error.message.includes('@dagger/tasks');

/** @throws InvalidCommandLine saying what to install */
export const tasksPackage = async (): Promise<TasksPackage> => {
  const failures: unknown[] = [];
  for (const load of PLACES) {
    try {
      return await load();
    } catch (error) {
      if (!isAbsent(error)) throw error;
      failures.push(error);
    }
  }
  throw new InvalidCommandLine(
    'this command needs the package @dagger/tasks, found neither beside dagger nor in this project: npm install @dagger/tasks',
    { cause: failures[0] },
  );
};
