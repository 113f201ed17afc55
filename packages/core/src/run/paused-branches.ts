import type { Topology } from '../graph/topology.ts';

interface Branch {
  readonly reason: string | null;
  readonly members: Set<number>;
}

/** The paused branches of a run: their roots, and every node that they hold. */
export class PausedBranches {
  readonly #branches: Map<number, Branch> = new Map();
  /** In how many paused branches a node is. */
  readonly #holds: Map<number, number> = new Map();

  get size(): number {
    return this.#branches.size;
  }

  has(root: number): boolean {
    return this.#branches.has(root);
  }

  roots(): IterableIterator<number> {
    return this.#branches.keys();
  }

  /** Each root, and why its branch is paused. */
  *reasons(): IterableIterator<readonly [root: number, reason: string | null]> {
    for (const [root, { reason }] of this.#branches) yield [root, reason];
  }

  /** The paused branches that a node is in: their roots, and why. */
  holding(n: number): (readonly [root: number, reason: string | null])[] {
    if (!this.holds(n)) return [];
    return [...this.#branches].flatMap(([root, { members, reason }]) =>
      members.has(n) ? [[root, reason] as const] : [],
    );
  }

  /** Whether a node must not start. */
  holds(n: number): boolean {
    return this.#holds.size > 0 && this.#holds.has(n);
  }

  pause(root: number, reason: string | null, topology: Topology): void {
    this.release(root);
    const branch: Branch = { reason, members: new Set() };
    this.#branches.set(root, branch);
    for (const n of topology.branchOf(root)) this.#add(branch, n);
  }

  /** Lets a branch go; gives the nodes that were in it. */
  release(root: number): Iterable<number> {
    const branch = this.#branches.get(root);
    if (branch === undefined) return [];
    this.#branches.delete(root);
    for (const n of branch.members) {
      const left = (this.#holds.get(n) ?? 1) - 1;
      if (left === 0) this.#holds.delete(n);
      else this.#holds.set(n, left);
    }
    return branch.members;
  }

  /** A new node, and what is downstream of it, belongs to every paused branch that one of its dependencies is in. */
  adopt(n: number, topology: Topology): void {
    for (const branch of this.#branches.values()) {
      if (
        branch.members.has(n) ||
        !topology.dependenciesOf(n).some(({ node }) => branch.members.has(node))
      )
        continue;
      for (const member of topology.branchOf(n)) this.#add(branch, member);
    }
  }

  #add(branch: Branch, n: number): void {
    if (branch.members.has(n)) return;
    branch.members.add(n);
    this.#holds.set(n, (this.#holds.get(n) ?? 0) + 1);
  }
}
