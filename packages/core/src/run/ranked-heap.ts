import type { Topology } from '../graph/topology.ts';
import type { ReadyQueue } from './ready-heap.ts';
import type { Levels } from './schedule.ts';

/** The nodes that may start, the longest path first and each once: a binary heap that knows where each node is. */
export class RankedHeap implements ReadyQueue {
  readonly #levels: Levels;
  readonly #heap: number[] = [];
  /** 1 more than the position of a node; 0 where it is not in the heap. */
  #place: Int32Array<ArrayBuffer> = new Int32Array(16);

  constructor(levels: Levels) {
    this.#levels = levels;
  }

  get size(): number {
    return this.#heap.length;
  }

  push(node: number): void {
    if (node >= this.#place.length) {
      const wider = new Int32Array(Math.max(node + 1, this.#place.length * 2));
      wider.set(this.#place);
      this.#place = wider;
    }
    if (this.#place[node] !== 0) return;
    this.#heap.push(node);
    this.#up(node, this.#heap.length - 1);
  }

  pop(): number {
    const [top = -1] = this.#heap;
    if (top === -1) return top;
    const moved = this.#heap.pop() as number;
    this.#place[top] = 0;
    if (moved !== top) this.#down(moved);
    return top;
  }

  grow(topology: Topology, isOpen: (n: number) => boolean): void {
    this.#levels.grow(topology, isOpen, (node) => {
      const place = this.#place[node] ?? 0;
      if (place !== 0) this.#up(node, place - 1);
    });
  }

  emptied(topology: Topology): RankedHeap {
    return new RankedHeap(this.#levels.over(topology));
  }

  #up(node: number, from: number): void {
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = this.#heap[parent] as number;
      if (!this.#levels.before(node, above)) break;
      this.#put(above, at);
      at = parent;
    }
    this.#put(node, at);
  }

  #down(node: number): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      const next = heap[child + 1];
      if (next !== undefined && this.#levels.before(next, heap[child] as number)) child++;
      const below = heap[child] as number;
      if (!this.#levels.before(below, node)) break;
      this.#put(below, at);
      at = child;
    }
    this.#put(node, at);
  }

  #put(node: number, at: number): void {
    this.#heap[at] = node;
    this.#place[node] = at + 1;
  }
}
