import { ActionRegistry, type AnyAction } from '@dagger/core';
import { registerExports } from './executables.ts';

/**
 * A registry of the actions of modules; relative paths are against the current directory.
 * @throws InvalidCommandLine, DaggerError ACTION_INVALID, ACTION_DUPLICATE
 */
export const loadActions = async (paths: readonly string[]): Promise<ActionRegistry> => {
  const registry = new ActionRegistry();
  await registerExports(paths, 'action', (found) => registry.register(found as AnyAction));
  return registry;
};
