import { Ring } from '../channel/ring.ts';
import type { Message } from '../message/message.ts';
import { OwnMessage } from './own-message.ts';
import { Tree, type Limits } from './tree.ts';

export interface TreesOptions {
  /** Messages of past trees that are kept. */
  readonly most: number;
  readonly limits: Limits;
  /** Others make messages too, which do not know their trees. */
  readonly isShared: boolean;
}

/** The trees that something is left of to be done, and as many of the others as there is room for. */
export class Trees {
  readonly #options: TreesOptions;
  readonly #live: Tree[] = [];
  /** Those of the past, the oldest first; one that went on meanwhile stands there again, further back. */
  readonly #past: Ring<Tree> = new Ring();
  /** Trees that were ever put there, and messages that are. */
  #added = 0;
  #kept = 0;
  readonly #byId: Map<string, Tree> | undefined;

  constructor(options: TreesOptions) {
    this.#options = options;
    this.#byId = options.isShared ? new Map() : undefined;
  }

  live(): readonly Tree[] {
    return [...this.#live];
  }

  /** Looks through all of them, where messages know their trees: that is rarely asked. */
  find(correlationId: string): Tree | undefined {
    if (this.#byId !== undefined) return this.#byId.get(correlationId);
    const isIt = (tree: Tree): boolean => tree.correlationId === correlationId;
    return this.#live.find(isIt) ?? [...this.#past].find(isIt);
  }

  /** The tree of a message; a new one, or one that goes on, if need be. */
  of(message: Message, now: number): Tree {
    const tree =
      this.#byId === undefined ? OwnMessage.treeOf(message) : this.#byId.get(message.correlationId);
    if (tree === undefined) return this.begin(message, this.#options.limits, now);
    if (tree.place === -1) this.#goOn(tree, now);
    return tree;
  }

  /** A new tree, of which a message is the first that is known here. */
  begin(message: Message, limits: Limits, now: number): Tree {
    const tree = new Tree(message.correlationId, limits, now, this.#options.most > 0);
    tree.pending = OwnMessage.pendingOf(message);
    // It was published without one.
    if (tree.pending > 0) tree.messageCount = 1;
    this.#byId?.set(tree.correlationId, tree);
    OwnMessage.join(message, tree);
    this.#enliven(tree);
    return tree;
  }

  #enliven(tree: Tree): void {
    tree.place = this.#live.length;
    this.#live.push(tree);
  }

  #goOn(tree: Tree, now: number): void {
    if (now >= tree.deadline) tree.timeAnew(now);
    if (tree.keptAs !== -1) {
      tree.keptAs = -1;
      this.#kept -= tree.messages?.length ?? 0;
    }
    this.#byId?.set(tree.correlationId, tree);
    this.#enliven(tree);
  }

  /** Nothing of it is left to be done. @returns whether that is new */
  rest(tree: Tree): boolean {
    const { place } = tree;
    if (place === -1) return false;
    tree.place = -1;
    const last = this.#live.pop();
    if (last !== undefined && last !== tree) {
      this.#live[place] = last;
      last.place = place;
    }
    if (this.#options.most > 0) this.#keep(tree);
    else this.#byId?.delete(tree.correlationId);
    return true;
  }

  #keep(tree: Tree): void {
    tree.keptAs = this.#added++;
    this.#past.push(tree);
    this.#kept += tree.messages?.length ?? 0;
    while (this.#kept > this.#options.most && this.#past.length > 1) {
      const number = this.#added - this.#past.length;
      const oldest = this.#past.shift();
      if (oldest === undefined || oldest.keptAs !== number) continue;
      oldest.keptAs = -1;
      this.#kept -= oldest.messages?.length ?? 0;
      this.#byId?.delete(oldest.correlationId);
    }
  }
}
