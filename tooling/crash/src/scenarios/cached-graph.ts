import { ActionRegistry, DagExecutor } from '@dagger/core';
import type { CrashScenario } from '@dagger/testing';

/** Results that a second run takes over from the first, and a node that it does itself. */
export const scenario: CrashScenario = {
  name: 'cached graph',
  async open({ storage, track }) {
    const registry = new ActionRegistry(
      [
        {
          name: 'costly',
          execute: async ({ inputs }: { readonly inputs: object }) => {
            await Promise.resolve();
            return { of: { ...inputs } };
          },
        },
        { name: 'cheap', execute: () => ({ cheap: true }) },
      ].map(track),
    );
    const executor = await DagExecutor.open({ registry, storage });
    executor.add({
      name: 'cached',
      nodes: [
        {
          id: 'a',
          action: 'costly',
          cacheStrategy: 'always',
          inputs: [{ name: 'x', reference: 'inputs.x' }],
        },
        {
          id: 'b',
          action: 'costly',
          cacheStrategy: 'always',
          dependencies: ['a'],
          inputs: [{ name: 'x', reference: 'a.of' }],
        },
        { id: 'c', action: 'cheap', dependencies: ['b'] },
      ],
    });
    return executor;
  },
  runs: [
    { dag: 'cached', runId: 'first', options: () => ({ inputs: { x: 1 } }) },
    { dag: 'cached', runId: 'second', options: () => ({ inputs: { x: 1 } }) },
  ],
};
