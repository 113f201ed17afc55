import { ActionRegistry, DagExecutor } from '@dagger/core';
import type { CrashScenario } from '@dagger/testing';

export const scenario: CrashScenario = {
  name: 'one node',
  async open({ storage, track }) {
    const work = track({ name: 'work', execute: () => ({ done: true }) });
    const executor = await DagExecutor.open({ registry: new ActionRegistry([work]), storage });
    executor.add({ name: 'g', nodes: [{ id: 'a', action: 'work' }] });
    return executor;
  },
  runs: [{ dag: 'g', runId: 'r' }],
};
