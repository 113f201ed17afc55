import type { RunNodes } from './nodes.ts';
import type { PausedBranches } from './paused-branches.ts';
import { RankedHeap } from './ranked-heap.ts';
import { ReadyHeap, type ReadyQueue } from './ready-heap.ts';
import type { Levels } from './schedule.ts';
import { isSettled, Status } from './status.ts';

/** The nodes that may start, with those of paused branches held back. A part of the run state. */
export class ReadyNodes {
  readonly #nodes: RunNodes;
  readonly #paused: PausedBranches;
  #queue: ReadyQueue = new ReadyHeap();

  constructor(nodes: RunNodes, paused: PausedBranches) {
    this.#nodes = nodes;
    this.#paused = paused;
  }

  /** Makes a node ready. */
  add(n: number): void {
    this.#nodes.set(n, Status.READY);
    this.#queue.push(n);
  }

  /** Takes the next node that may start; -1 when there is none. */
  take(): number {
    for (;;) {
      const n = this.#queue.pop();
      if (n === -1) return n;
      // Nodes that left the ready state stay in the queue until they come up.
      if (this.#nodes.status[n] === Status.READY && !this.#paused.holds(n)) return n;
    }
  }

  /** Puts back a node that was taken and not started. */
  putBack(n: number): void {
    this.#queue.push(n);
  }

  /** Lets a paused branch go. */
  resume(root: number): void {
    for (const n of this.#paused.release(root))
      if (this.#nodes.status[n] === Status.READY) this.#queue.push(n);
  }

  /** Orders the nodes by their levels; undefined: in the order of definition. */
  rank(levels: Levels | undefined): void {
    const before = this.#queue;
    if (levels === undefined && before instanceof ReadyHeap) return;
    this.#queue = levels === undefined ? new ReadyHeap() : new RankedHeap(levels);
    for (let n = before.pop(); n !== -1; n = before.pop()) this.#queue.push(n);
  }

  /** The graph has grown by the nodes from `first` on. */
  grow(first: number): void {
    const { topology, status } = this.#nodes;
    this.#queue.grow(topology, (n) => !isSettled(status[n] as number));
    for (let n = first; n < topology.count; n++) this.#paused.adopt(n, topology);
  }

  /** Finds the ready nodes anew. */
  load(): void {
    const { topology, status } = this.#nodes;
    this.#queue = this.#queue.emptied(topology);
    for (let n = 0; n < topology.count; n++) if (status[n] === Status.READY) this.#queue.push(n);
  }
}
