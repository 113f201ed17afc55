import { ActionRegistry, DagExecutor, type EventHook } from '@dagger/core';
import type { CrashScenario } from '@dagger/testing';

/** Adds nodes as nodes complete, sets inputs, tells an event and answers it; one command is refused. */
const growing = (): EventHook => ({
  name: 'growing',
  events: ['NodeCompleted', 'CustomEvent'],
  onStart: () => [
    { type: 'AddNode', spec: { id: 'first', action: 'work' } },
    { type: 'SetNodeInputs', nodeId: 'c', inputs: { given: 1 } },
  ],
  // Brings no new work, so nothing but the journal tells that it was said.
  onComplete: () => [{ type: 'EmitEvent', event: 'the end' }],
  handle: (_, event) => {
    if (event.type === 'CustomEvent' && event.event === 'the end') return [];
    if (event.type === 'CustomEvent')
      return [{ type: 'AddNode', spec: { id: 'answer', action: 'work', deps: ['a'] } }];
    if (!('nodeId' in event) || event.nodeId.length > 1) return [];
    const { nodeId } = event;
    // Without an id of its own, a node that is added twice shows.
    const grown = { type: 'AddNode', spec: { action: 'work', deps: [nodeId] } } as const;
    if (nodeId === 'c') return [grown, { type: 'PauseBranch', branchId: 'nobody' }];
    return nodeId === 'b' ? [grown, { type: 'EmitEvent', event: { told: 'b' } }] : [grown];
  },
});

/** A graph that grows by a hook, whose commands apply once each. */
export const scenario: CrashScenario = {
  name: 'growing graph',
  async open({ storage, track }) {
    const registry = new ActionRegistry([
      track({
        name: 'work',
        execute: async ({ inputs }: { readonly inputs: object }) => {
          await Promise.resolve();
          return { ...inputs };
        },
      }),
    ]);
    const executor = await DagExecutor.open({ registry, storage });
    executor.add({
      name: 'growing',
      nodes: [
        { id: 'a', action: 'work' },
        { id: 'b', action: 'work', dependencies: ['a'] },
        { id: 'c', action: 'work', dependencies: ['b'] },
      ],
    });
    return executor;
  },
  runs: [{ dag: 'growing', runId: 'growing', options: () => ({ hooks: [growing()] }) }],
};
