import { ActionRegistry, DagExecutor } from '@dagger/core';
import type { CrashScenario, CrashWorld } from '../../src/index.ts';

export const open = async ({ storage, track }: CrashWorld): Promise<DagExecutor> => {
  const work = track({ name: 'work', execute: ({ nodeId }) => ({ from: nodeId }) });
  const executor = await DagExecutor.open({ registry: new ActionRegistry([work]), storage });
  executor.add({
    name: 'chain',
    nodes: [
      { id: 'a', action: 'work' },
      { id: 'b', action: 'work', dependencies: ['a'] },
    ],
  });
  return executor;
};

/** Two nodes, one after the other. */
export const scenario: CrashScenario = {
  name: 'chain',
  open,
  runs: [{ dag: 'chain', runId: 'r' }],
};
