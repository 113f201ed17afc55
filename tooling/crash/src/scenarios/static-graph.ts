import { ActionRegistry, DagExecutor } from '@dagger/core';
import type { CrashScenario } from '@dagger/testing';

/** A graph that stays as it was written: retries, a failure handler, and nodes that are skipped. */
export const scenario: CrashScenario = {
  name: 'static graph',
  async open({ storage, track }) {
    const registry = new ActionRegistry(
      [
        {
          name: 'work',
          execute: async ({ nodeId }: { readonly nodeId: string }) => {
            await Promise.resolve();
            return { from: nodeId };
          },
        },
        {
          name: 'flaky',
          execute: ({ attempt }: { readonly attempt: number }) => {
            if (attempt < 3) throw new Error('not yet');
            return { done: true };
          },
        },
        {
          name: 'broken',
          execute: () => {
            throw new Error('broken');
          },
        },
        { name: 'mend', execute: () => ({ mended: true }) },
      ].map(track),
    );
    const executor = await DagExecutor.open({
      registry,
      storage,
      config: { onFailure: 'continue', retryStrategy: { type: 'immediate' } },
    });
    executor.add({
      name: 'static',
      nodes: [
        { id: 'a', action: 'work' },
        { id: 'b', action: 'work', dependencies: ['a'] },
        { id: 'c', action: 'flaky', dependencies: ['a'], tryCount: 5 },
        { id: 'd', action: 'broken', dependencies: ['a'], tryCount: 2, failure: 'mend' },
        { id: 'e', action: 'work', dependencies: ['b', 'c'] },
        { id: 'skipped', action: 'work', dependencies: ['d', 'e'] },
        { id: 'f', action: 'work', dependencies: ['e'] },
        { id: 'g', action: 'work', dependencies: ['f'] },
      ],
    });
    return executor;
  },
  runs: [{ dag: 'static', runId: 'static' }],
};
