import { ActionRegistry, defineGraph, type Graph, type JsonObject } from '@dagger/core';
import { plan, type ShapeName } from '../shapes.ts';

/** The graph of a case: every node gives a small output. */
export function graphOf(shape: ShapeName, nodes: number): Graph {
  return defineGraph({
    name: 'recovery',
    nodes: plan(shape, nodes).nodes.map(({ id, deps }) => ({
      id,
      action: 'step',
      dependencies: deps,
    })),
  });
}

/** @param step is called before the output of a node is given */
export function registryOf(step: () => Promise<void> | undefined): ActionRegistry {
  return new ActionRegistry().registerFn('step', async ({ nodeId }): Promise<JsonObject> => {
    await step();
    return { node: nodeId, rows: 1_000 + nodeId.length, share: 0.125, ok: true };
  });
}
