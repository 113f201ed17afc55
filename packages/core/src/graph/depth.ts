import type { Topology } from './topology.ts';

/** The length of the longest chain of dependencies that ends in a node, itself included; remembered by node. */
export class Depths {
  readonly #known: Map<number, number> = new Map();

  of(topology: Topology, node: number): number {
    const open = [node];
    for (let at = open.at(-1); at !== undefined; at = open.at(-1)) {
      const before = topology.dependenciesOf(at).map((dependency) => dependency.node);
      const unknown = before.filter((dependency) => !this.#known.has(dependency));
      if (unknown.length > 0) open.push(...unknown);
      else {
        open.pop();
        this.#known.set(
          at,
          1 + before.reduce((most, n) => Math.max(most, this.#known.get(n) ?? 0), 0),
        );
      }
    }
    return this.#known.get(node) ?? 0;
  }

  /** Forgets the nodes from a number on, which were only tried out. */
  forgetFrom(first: number): void {
    for (const node of this.#known.keys()) if (node >= first) this.#known.delete(node);
  }
}
