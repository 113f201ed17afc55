import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { DaggerError } from '@dagger/core';
import { importModule } from './import-module.ts';
import { InvalidCommandLine } from './invalid-command-line.ts';
import { reasonOf } from './reason.ts';

/** Whatever can be executed means to be an action or an agent; the registry then says what is wrong with it. */
export interface Executable {
  readonly execute: (...args: never[]) => unknown;
}

const isExecutable = (value: unknown): value is Executable =>
  typeof value === 'object' &&
  value !== null &&
  'execute' in value &&
  typeof value.execute === 'function';

/** Those in one export: itself, or the items of a list. */
const executablesIn = (value: unknown): readonly Executable[] =>
  isExecutable(value) ? [value] : Array.isArray(value) ? value.filter(isExecutable) : [];

/** Everything executable that a module exports, once, by whatever names. */
const executablesOf = (exports: Readonly<Record<string, unknown>>): readonly Executable[] => {
  const byDefault: unknown = exports['default'];
  const found = Object.values(exports).flatMap(executablesIn);
  // A CommonJS module, or `export default { a, b }`.
  if (typeof byDefault === 'object' && byDefault !== null && !Array.isArray(byDefault))
    found.push(...Object.values(byDefault).flatMap(executablesIn));
  return [...new Set(found)];
};

const isFile = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;

const load = async (path: string, what: 'action' | 'agent'): Promise<readonly Executable[]> => {
  const absolute = resolve(path);
  if (!isFile(absolute))
    throw new InvalidCommandLine(`there is no module '${path}' (looked for ${absolute})`);
  let exports: Readonly<Record<string, unknown>>;
  try {
    exports = await importModule(absolute);
  } catch (cause) {
    throw new InvalidCommandLine(`the module '${path}' cannot be loaded: ${reasonOf(cause)}`, {
      cause,
    });
  }
  const found = executablesOf(exports);
  if (found.length === 0)
    throw new InvalidCommandLine(
      `the module '${path}' exports no ${what}; an ${what} is an object with a name and an execute function`,
    );
  return found;
};

/**
 * Registers what modules export; relative paths are against the current directory, and errors name the module.
 * @throws InvalidCommandLine, and what `register` throws
 */
export const registerExports = async (
  paths: readonly string[],
  what: 'action' | 'agent',
  register: (found: Executable) => unknown,
): Promise<void> => {
  for (const path of new Map(paths.map((path) => [resolve(path), path])).values())
    for (const found of await load(path, what)) {
      try {
        register(found);
      } catch (cause) {
        if (!(cause instanceof DaggerError)) throw cause;
        throw new DaggerError(cause.code, `${path}: ${cause.message}`, { ids: cause.ids, cause });
      }
    }
};
