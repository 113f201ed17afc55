import type { Contender } from '../contender.ts';
import type { Output } from '../work.ts';

interface FloorNode {
  readonly id: string;
  missing: number;
  readonly dependents: FloorNode[];
}

/** Floor B: the shortest engine that keeps outputs by name and runs an async function per node. */
export const objectFloor: Contender = {
  name: 'object floor',

  async run(plan, work) {
    const nodes = new Map<string, FloorNode>();
    for (const { id, deps } of plan.nodes) {
      const node: FloorNode = { id, missing: deps.length, dependents: [] };
      nodes.set(id, node);
      for (const dep of deps) nodes.get(dep)!.dependents.push(node);
    }
    const outputs = new Map<string, Output>();
    await new Promise<void>((resolve, reject) => {
      let left = nodes.size;
      const start = async (node: FloorNode): Promise<void> => {
        outputs.set(node.id, await work.run());
        for (const dependent of node.dependents) {
          dependent.missing -= 1;
          if (dependent.missing === 0) start(dependent).catch(reject);
        }
        left -= 1;
        if (left === 0) resolve();
      };
      for (const node of [...nodes.values()].filter(({ missing }) => missing === 0))
        start(node).catch(reject);
    });
    return { nodes, outputs };
  },

  async grow(total, work) {
    const nodes = new Map<string, FloorNode>();
    const outputs = new Map<string, Output>();
    await new Promise<void>((resolve, reject) => {
      let left = total;
      const add = (): FloorNode => {
        const node: FloorNode = { id: `n${nodes.size}`, missing: 0, dependents: [] };
        nodes.set(node.id, node);
        return node;
      };
      const start = async (node: FloorNode): Promise<void> => {
        outputs.set(node.id, await work.run());
        for (let added = 0; added < 2 && nodes.size < total; added += 1) {
          const child = add();
          node.dependents.push(child);
          start(child).catch(reject);
        }
        left -= 1;
        if (left === 0) resolve();
      };
      start(add()).catch(reject);
    });
    return { nodes, outputs };
  },
};
