import { PGraph, type DependencyList, type PGraphNodeMap } from 'p-graph';
import { NotPossible, type Contender } from '../contender.ts';

/** microsoft/p-graph: a promise graph; it keeps no outputs. */
export const pGraph: Contender = {
  name: 'p-graph',

  async run(plan, work) {
    const nodes: PGraphNodeMap = new Map();
    const dependencies: DependencyList = [];
    for (const { id, deps } of plan.nodes) {
      nodes.set(id, { run: work.run });
      for (const dep of deps) dependencies.push([dep, id]);
    }
    const graph = new PGraph(nodes, dependencies);
    await graph.run();
    return graph;
  },

  async grow() {
    throw new NotPossible('its graph is fixed when it is made');
  },
};
