import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { InvalidCommandLine } from './invalid-command-line.ts';

/** Whether the package itself is not there; one that is broken says so by itself. */
const isAbsent = (error: unknown, name: string): boolean =>
  error instanceof Error &&
  'code' in error &&
  (error.code === 'ERR_MODULE_NOT_FOUND' || error.code === 'MODULE_NOT_FOUND') &&
  error.message.includes(name);

/**
 * A package that may be absent: beside this command; or in the project, where the command is installed for the whole machine.
 * @throws InvalidCommandLine saying what to install
 */
export const optionalPackage = async <T>(name: string, beside: () => Promise<T>): Promise<T> => {
  const inProject = (): Promise<T> => {
    const project = createRequire(pathToFileURL(join(process.cwd(), 'index.js')));
    return import(pathToFileURL(project.resolve(name)).href) as Promise<T>;
  };
  const failures: unknown[] = [];
  for (const load of [beside, inProject]) {
    try {
      return await load();
    } catch (error) {
      if (!isAbsent(error, name)) throw error;
      failures.push(error);
    }
  }
  throw new InvalidCommandLine(
    `this command needs the package ${name}, found neither beside dagger nor in this project: npm install ${name}`,
    { cause: failures[0] },
  );
};
