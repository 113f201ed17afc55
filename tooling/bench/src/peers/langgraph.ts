import { Annotation, END, Send, START, StateGraph } from '@langchain/langgraph';
import type { Contender } from '../contender.ts';

/** One channel that keeps the last output: the cheapest state that nodes of one step may write together. */
const State = Annotation.Root({
  v: Annotation<number>({ reducer: (_, latest) => latest, default: () => 0 }),
});

/** LangGraph.js: supersteps over channels; a list of starts is its join. */
export const langgraph: Contender = {
  name: 'langgraph',

  async run(plan, work) {
    const graph = new StateGraph<
      typeof State.spec,
      typeof State.State,
      typeof State.Update,
      string
    >(State);
    const last = new Set<string>();
    for (const { id, deps } of plan.nodes) {
      graph.addNode(id, work.run);
      if (deps.length === 0) graph.addEdge(START, id);
      else graph.addEdge(deps.length === 1 ? deps[0]! : [...deps], id);
      last.add(id);
      for (const dep of deps) last.delete(dep);
    }
    for (const id of last) graph.addEdge(id, END);
    return graph.compile().invoke({}, { recursionLimit: plan.nodes.length + 10 });
  },

  async grow(total, work) {
    let added = 1;
    const addTwo = (): Send[] => {
      const sends: Send[] = [];
      while (sends.length < 2 && added < total) {
        added += 1;
        sends.push(new Send('node', {}));
      }
      return sends;
    };
    const graph = new StateGraph(State)
      .addNode('node', work.run)
      .addEdge(START, 'node')
      .addConditionalEdges('node', addTwo);
    return graph.compile().invoke({}, { recursionLimit: total + 10 });
  },
};
