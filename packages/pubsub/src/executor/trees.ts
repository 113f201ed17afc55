import { Ring } from '../channel/ring.ts';
import type { Message } from '../message/message.ts';
import { Tree, type Limits } from './tree.ts';

/** The trees that something is left of to be done, and as many of the others as there is room for. */
export class Trees {
  readonly #most: number;
  readonly #live: Map<string, Tree> = new Map();
  readonly #past: Map<string, Tree> = new Map();
  /** Those of the past, the oldest first: a map would be walked over all that it has lost. */
  readonly #order: Ring<Tree> = new Ring();
  #kept = 0;

  /** @param most messages of past trees that are kept */
  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#live.size;
  }

  live(): IterableIterator<Tree> {
    return this.#live.values();
  }

  find(correlationId: string): Tree | undefined {
    return this.#live.get(correlationId) ?? this.#past.get(correlationId);
  }

  /** The tree of a message; a new one, or one that goes on, if need be. */
  of({ correlationId }: Message, limits: (now: number) => Limits, now: number): Tree {
    let tree = this.#live.get(correlationId);
    if (tree !== undefined) return tree;
    tree = this.#past.get(correlationId);
    if (tree === undefined) {
      tree = new Tree(correlationId, limits(now), { now, keep: this.#most > 0 });
    } else {
      this.#past.delete(correlationId);
      this.#kept -= tree.messages?.length ?? 0;
    }
    this.#live.set(correlationId, tree);
    return tree;
  }

  /** Nothing of it is left to be done. @returns whether that is new */
  rest(tree: Tree): boolean {
    if (!this.#live.delete(tree.correlationId)) return false;
    if (this.#most > 0) this.#keep(tree);
    return true;
  }

  #keep(tree: Tree): void {
    this.#past.set(tree.correlationId, tree);
    this.#order.push(tree);
    this.#kept += tree.messages?.length ?? 0;
    while (this.#kept > this.#most && this.#order.length > 1) {
      const oldest = this.#order.shift();
      // One that went on meanwhile stands further back.
      if (oldest === undefined || this.#past.get(oldest.correlationId) !== oldest) continue;
      this.#past.delete(oldest.correlationId);
      this.#kept -= oldest.messages?.length ?? 0;
    }
  }
}
