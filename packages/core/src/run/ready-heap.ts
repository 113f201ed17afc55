import type { Topology } from '../graph/topology.ts';

/** The nodes that may start, in the order in which they do. */
export interface ReadyQueue {
  /** Adds a node; one that is there already stays. */
  push(node: number): void;
  /** Takes the next node out; -1 when there is none. */
  pop(): number;
  /** The graph has grown: nodes may have a new place. */
  grow(topology: Topology, isOpen: (n: number) => boolean): void;
  /** An empty one in the same order, for a graph that is another now. */
  emptied(topology: Topology): ReadyQueue;
}

/** The nodes that may start, lowest number first and each once: a binary heap in one flat array. */
export class ReadyHeap implements ReadyQueue {
  #heap: Int32Array<ArrayBuffer> = new Int32Array(16);
  #size = 0;
  /** 1 for each node that is in the heap. */
  #present: Uint8Array<ArrayBuffer> = new Uint8Array(16);

  get size(): number {
    return this.#size;
  }

  /** Adds a node; one that is there already stays where it is. */
  push(node: number): void {
    if (node >= this.#present.length) {
      const wider = new Uint8Array(Math.max(node + 1, this.#present.length * 2));
      wider.set(this.#present);
      this.#present = wider;
    }
    if (this.#present[node] === 1) return;
    this.#present[node] = 1;
    if (this.#size === this.#heap.length) {
      const larger = new Int32Array(this.#heap.length * 2);
      larger.set(this.#heap);
      this.#heap = larger;
    }
    const heap = this.#heap;
    let at = this.#size++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent] as number;
      if (above <= node) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = node;
  }

  /** Places never change. */
  grow(): void {}

  emptied(): ReadyHeap {
    return new ReadyHeap();
  }

  /** The lowest number, or -1 when there is none. */
  pop(): number {
    if (this.#size === 0) return -1;
    const heap = this.#heap;
    const top = heap[0] as number;
    this.#present[top] = 0;
    const moved = heap[--this.#size] as number;
    const size = this.#size;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      if (child + 1 < size && (heap[child + 1] as number) < (heap[child] as number)) child++;
      const below = heap[child] as number;
      if (below >= moved) break;
      heap[at] = below;
      at = child;
    }
    heap[at] = moved;
    return top;
  }
}
