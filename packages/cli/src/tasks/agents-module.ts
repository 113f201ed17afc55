import type { AgentRegistry, AnyTaskAgent } from '@dagger/tasks';
import { registerExports } from '../executables.ts';
import type { TasksPackage } from './tasks-package.ts';

/**
 * A registry of the agents of modules; relative paths are against the current directory.
 * @throws InvalidCommandLine, DaggerError AGENT_INVALID, AGENT_DUPLICATE
 */
export const loadAgents = async (
  { AgentRegistry: Registry }: TasksPackage,
  paths: readonly string[],
): Promise<AgentRegistry> => {
  const registry = new Registry();
  await registerExports(paths, 'agent', (found) =>
    registry.register(found as unknown as AnyTaskAgent),
  );
  return registry;
};
