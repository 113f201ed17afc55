import type { Clock } from '@dagger/core';
import type { Message } from '../message/message.ts';
import type { Transport } from '../transport/transport.ts';
import type { Tree } from './tree.ts';

/**
 * What counts as left to be done: all that is published, where nobody else publishes; what arrives here, where the transport knows
 * of the rest; or what this process published itself, where nobody knows more.
 */
export type Counting = 'all' | 'arrivals' | 'own';

/** Milliseconds between two questions whether others are done. */
const ASK_AGAIN = 20;

/** Deliveries that have not come to their end, and those who wait for that. */
export class Undone {
  readonly counting: Counting;
  readonly #transport: Transport;
  readonly #clock: Clock;
  /** Of all trees. */
  #all = 0;
  /** By id of what was published here: how many groups are not done with it. */
  readonly #own: Map<string, number> = new Map();
  #idle: (() => void)[] = [];

  constructor(transport: Transport, clock: Clock) {
    const knowsTheRest = transport.pending !== undefined;
    this.counting = !transport.features.shared ? 'all' : knowsTheRest ? 'arrivals' : 'own';
    this.#transport = transport;
    this.#clock = clock;
  }

  /** Deliveries of a message that has no tree, or that many fewer. */
  add(deliveries: number): void {
    this.#all += deliveries;
  }

  /** A message that is about to be published goes to so many groups, or is not published after all. */
  count(message: Message, tree: Tree, groups: number, by: 1 | -1): void {
    if (this.counting === 'arrivals') return;
    tree.pending += by * groups;
    this.#all += by * groups;
    if (this.counting !== 'own') return;
    if (by === 1 && groups > 0) this.#own.set(message.id, groups);
    else this.#own.delete(message.id);
  }

  /** A message has arrived for a group. */
  arrived(tree: Tree): void {
    if (this.counting !== 'arrivals') return;
    tree.pending++;
    this.#all++;
  }

  /** A group is done with a message. */
  done(tree: Tree, { id }: Message): void {
    if (this.counting === 'own') {
      const left = this.#own.get(id);
      // Somebody else published it, or it came twice.
      if (left === undefined) return;
      if (left === 1) this.#own.delete(id);
      else this.#own.set(id, left - 1);
    }
    tree.pending--;
    this.#all--;
  }

  /** Tells those who wait, where nothing is left. */
  look(): void {
    if (this.#all === 0 && this.#idle.length > 0) for (const wake of this.#idle.splice(0)) wake();
  }

  /** Resolves when nothing is left to be done, but what waits for people. */
  async idle(): Promise<void> {
    do {
      if (this.#all > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
    } while (!(await this.#isDoneElsewhere(undefined)));
  }

  /** Resolves when nothing is left to be done of a tree, but what waits for people. */
  async quiet(tree: Tree): Promise<void> {
    do {
      if (tree.pending > 0 && tree.stopped === null)
        await new Promise<void>((resolve) => (tree.ended = resolve));
    } while (tree.stopped === null && !(await this.#isDoneElsewhere(tree.correlationId)));
    // Those that were broken off come to their end.
    if (tree.pending > 0) await new Promise<void>((resolve) => (tree.ended = resolve));
  }

  /** Whether nothing of what is shared is left to others, who are asked again after a while if so. */
  async #isDoneElsewhere(correlationId: string | undefined): Promise<boolean> {
    const transport = this.#transport;
    if (this.counting !== 'arrivals' || transport.pending === undefined) return true;
    if ((await transport.pending(correlationId)) === 0) return true;
    await new Promise<void>((resolve) => void this.#clock.after(ASK_AGAIN, resolve));
    return false;
  }
}
