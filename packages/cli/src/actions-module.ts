import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { ActionRegistry, DaggerError, type AnyAction } from '@dagger/core';
import { importModule } from './import-module.ts';
import { InvalidCommandLine } from './invalid-command-line.ts';
import { reasonOf } from './reason.ts';

/** Whatever can be executed means to be an action; the registry then says what is wrong with it. */
const isAction = (value: unknown): value is AnyAction =>
  typeof value === 'object' &&
  value !== null &&
  'execute' in value &&
  typeof value.execute === 'function';

/** The actions in one export: itself, or the items of a list. */
const actionsIn = (value: unknown): readonly AnyAction[] =>
  isAction(value) ? [value] : Array.isArray(value) ? value.filter(isAction) : [];

/** Every action that a module exports, once, by whatever names. */
const actionsOf = (exports: Readonly<Record<string, unknown>>): readonly AnyAction[] => {
  const byDefault: unknown = exports['default'];
  const found = Object.values(exports).flatMap(actionsIn);
  // A CommonJS module, or `export default { a, b }`.
  if (typeof byDefault === 'object' && byDefault !== null && !Array.isArray(byDefault))
    found.push(...Object.values(byDefault).flatMap(actionsIn));
  return [...new Set(found)];
};

const isFile = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;

const load = async (path: string): Promise<readonly AnyAction[]> => {
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
  const actions = actionsOf(exports);
  if (actions.length === 0)
    throw new InvalidCommandLine(
      `the module '${path}' exports no action; an action is an object with a name and an execute function`,
    );
  return actions;
};

/**
 * A registry of the actions of modules; relative paths are against the current directory.
 * @throws InvalidCommandLine, DaggerError ACTION_INVALID, ACTION_DUPLICATE
 */
export const loadActions = async (paths: readonly string[]): Promise<ActionRegistry> => {
  const registry = new ActionRegistry();
  for (const path of new Map(paths.map((path) => [resolve(path), path])).values())
    for (const action of await load(path)) {
      try {
        registry.register(action);
      } catch (cause) {
        if (!(cause instanceof DaggerError)) throw cause;
        throw new DaggerError(cause.code, `${path}: ${cause.message}`, { ids: cause.ids, cause });
      }
    }
  return registry;
};
