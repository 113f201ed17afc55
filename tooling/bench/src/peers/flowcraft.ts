import {
  FlowRuntime,
  type NodeDefinition,
  type NodeResult,
  type WorkflowBlueprint,
} from 'flowcraft';
import type { Contender } from '../contender.ts';

/** Flowcraft: a blueprint of nodes and edges; `concurrency` lifts its default bound of a few nodes at a time. */
export const flowcraft: Contender = {
  name: 'flowcraft',

  async run(plan, work) {
    const runtime = new FlowRuntime({
      registry: { noop: async () => ({ output: await work.run() }) },
    });
    const blueprint: WorkflowBlueprint = { id: 'bench', nodes: [], edges: [] };
    for (const { id, deps } of plan.nodes) {
      blueprint.nodes.push({ id, uses: 'noop' });
      for (const dep of deps) blueprint.edges.push({ source: dep, target: id });
    }
    return runtime.run(blueprint, {}, { concurrency: plan.nodes.length });
  },

  async grow(total, work) {
    let added = 1;
    const addTwo = async (): Promise<NodeResult> => {
      const output = await work.run();
      const dynamicNodes: NodeDefinition[] = [];
      while (dynamicNodes.length < 2 && added < total)
        dynamicNodes.push({ id: `n${added++}`, uses: 'addTwo' });
      return { output, dynamicNodes };
    };
    const runtime = new FlowRuntime({ registry: { addTwo } });
    const blueprint: WorkflowBlueprint = {
      id: 'bench',
      nodes: [{ id: 'n0', uses: 'addTwo' }],
      edges: [],
    };
    return runtime.run(blueprint, {}, { concurrency: total });
  },
};
