import { DaggerError, toErrorData, type Clock, type Ids, type Logger } from '@dagger/core';
import type { Message } from '../message/message.ts';
import { Router } from '../subject/router.ts';
import type { Hold, Transport } from '../transport/transport.ts';
import { BareAttempts } from './bare-attempts.ts';
import { CoarseTime } from './coarse-time.ts';
import type { Contracts } from './contracts.ts';
import type { BusEvent } from './events.ts';
import { MessageMaker } from './message-maker.ts';
import { OwnMessage } from './own-message.ts';
import { Pressure } from './pressure.ts';
import type { StopReason } from './report.ts';
import type { Reviews } from './reviews.ts';
import type { Limits, Tree } from './tree.ts';
import { Trees } from './trees.ts';
import { Undone, type Counting } from './undone.ts';

/** A group of this process, as far as counting goes. */
export interface Reader {
  readonly group: string;
  readonly exceptFrom: ReadonlySet<string>;
}

export interface ExchangeOptions {
  readonly transport: Transport;
  readonly contracts: Contracts;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly logger: Logger;
  readonly appData: unknown;
  /** Messages of past trees that are kept. */
  readonly kept: number;
  /** Of trees that nobody says more of. */
  readonly limits: Limits;
  readonly emit: (event: BusEvent) => void;
  readonly isWatched: () => boolean;
  /** Told of each message when it is on its way. */
  readonly seen: (message: Message) => void;
}

/** Messages that were counted, and are about to be published. */
export interface Entered {
  /** Those that no person has to see first. */
  readonly routed: readonly Message[];
  readonly held: readonly Hold[];
}

export const NOTHING: Entered = { routed: [], held: [] };

const without = (messages: readonly Message[], held: readonly Hold[]): Entered => {
  const waits = new Set(held.map(({ message }) => message));
  return { routed: messages.filter((message) => !waits.has(message)), held };
};

/**
 * Lets messages go, and counts what is left to be done of each tree: a message counts once for each group that
 * gets it, from before it is published until the group is done with it. So a tree whose count is 0 has come to its end.
 */
export class Exchange {
  readonly contracts: Contracts;
  readonly clock: Clock;
  readonly time: CoarseTime;
  readonly logger: Logger;
  readonly appData: unknown;
  readonly trees: Trees;
  readonly pressure: Pressure;
  /** Attempts at messages without a tree. */
  readonly bare: BareAttempts = new BareAttempts();
  readonly readers: Router<Reader> = new Router();
  readonly #options: ExchangeOptions;
  readonly make: MessageMaker;
  readonly undone: Undone;
  readonly #transport: Transport;
  readonly #seen: (message: Message) => void;
  readonly #kept: number;
  reviews: Reviews | undefined;

  constructor(options: ExchangeOptions) {
    this.#options = options;
    const { transport } = options;
    this.#transport = transport;
    this.pressure = new Pressure(transport);
    this.#seen = options.seen;
    this.#kept = options.kept;
    this.undone = new Undone(transport, options.clock);
    this.contracts = options.contracts;
    this.clock = options.clock;
    this.time = new CoarseTime(options.clock);
    this.logger = options.logger;
    this.appData = options.appData;
    this.make = new MessageMaker(options.ids, this.time);
    this.trees = new Trees({
      most: options.kept,
      limits: options.limits,
      isShared: this.counting !== 'all',
    });
  }

  get transport(): Transport {
    return this.#transport;
  }

  get counting(): Counting {
    return this.undone.counting;
  }

  get ids(): Ids {
    return this.#options.ids;
  }

  /** Whether anybody hears of events. */
  get isWatched(): boolean {
    return this.#options.isWatched();
  }

  /** Whether the transport keeps what became of attempts. */
  get recordsAttempts(): boolean {
    return this.#kept > 0 && this.#transport.trace !== undefined;
  }

  /** Whether attempts may be asked for. */
  get isReported(): boolean {
    return this.#kept > 0 || this.#options.isWatched();
  }

  get emit(): (event: BusEvent) => void {
    return this.#options.emit;
  }

  // ——— trees ———

  /** The tree of a first message, as far as something of it is left to be done or kept. */
  find(correlationId: string): Tree | undefined {
    const tree = this.trees.find(correlationId);
    if (tree !== undefined) return tree;
    const [running] = this.bare.of(correlationId);
    if (running !== undefined) return running.tree;
    const waiting = this.transport.find?.(correlationId);
    return waiting === undefined ? undefined : this.treeOf(waiting, waiting.time);
  }

  /** Whether an attempt at a message needs no tree yet. */
  mayBeBare(message: Message, now: number): boolean {
    return (
      this.#kept === 0 &&
      OwnMessage.isBare(message) &&
      now < message.time + this.#options.limits.timeoutMs &&
      !this.isWatched
    );
  }

  treeOf(message: Message, now: number): Tree {
    return this.counting === 'all' && OwnMessage.isBare(message)
      ? this.#grow(message)
      : this.trees.of(message, now);
  }

  /** Somebody asks for the tree of a message that has none: all that is done with it belongs there from here on. */
  #grow(message: Message): Tree {
    const tree = this.trees.of(message, message.time);
    for (const attempt of this.bare.of(message.correlationId)) {
      this.bare.remove(attempt);
      attempt.join(tree);
    }
    return tree;
  }

  /** The trees of which something is left, those included that nobody has asked for. */
  allTrees(): readonly Tree[] {
    for (const { message } of this.bare.of(undefined)) this.treeOf(message, message.time);
    return this.trees.live();
  }

  // ——— letting them go ———

  /**
   * Publishes a message, the first of a tree unless that is given. Undefined when there was room at once.
   *
   * A message that nobody asks about gets its tree when it is handled, so that those which wait are small, and one that others
   * handle has none here.
   */
  publish<M extends Message>(
    message: M,
    tree?: Tree,
    signal?: AbortSignal,
  ): Promise<M> | undefined {
    if (tree !== undefined) return this.#publishTo(tree, message, signal);
    if (this.#isPlain(message)) return this.#publishAlone(message, signal);
    const own = this.treeOf(message, message.time);
    const sent = this.#publishTo(own, message, signal);
    // Nobody reads it, or others do.
    if (sent === undefined && own.pending === 0) this.look(own);
    return sent;
  }

  #publishTo<M extends Message>(
    tree: Tree,
    message: M,
    signal: AbortSignal | undefined,
  ): Promise<M> | undefined {
    const entered = this.enter([message], tree);
    const { routed, held } = entered;
    let sent: Promise<void> | void = undefined;
    try {
      const kept = this.#transport.holds !== undefined && held.length > 0 ? held : undefined;
      if (routed.length > 0 || kept !== undefined)
        sent = this.#transport.publish(routed, signal, kept);
    } catch (error) {
      this.withdraw(entered, tree);
      throw error;
    }
    if (sent !== undefined) return this.#whenSent(sent, message, tree, entered);
    this.tell(entered, tree);
    return undefined;
  }

  async #whenSent<M extends Message>(
    sent: Promise<void>,
    message: M,
    tree: Tree,
    entered: Entered,
  ): Promise<M> {
    try {
      await sent;
    } catch (error) {
      this.withdraw(entered, tree);
      throw error;
    }
    this.tell(entered, tree);
    // Whoever waits for the tree looks himself.
    if (tree.pending === 0 && tree.ended === undefined) this.look(tree);
    return message;
  }

  #publishAlone<M extends OwnMessage>(message: M, signal?: AbortSignal): Promise<M> | undefined {
    if (this.counting === 'all') {
      const groups = this.#groupsOf(message);
      OwnMessage.await(message, groups);
      this.undone.add(groups);
    }
    let sent: Promise<void> | void;
    try {
      sent = this.#transport.publish([message], signal);
    } catch (error) {
      this.#refuse(message);
      throw error;
    }
    if (sent !== undefined) return this.#whenSentAlone(sent, message);
    this.#seen(message);
    return undefined;
  }

  async #whenSentAlone<M extends OwnMessage>(sent: Promise<void>, message: M): Promise<M> {
    try {
      await sent;
    } catch (error) {
      this.#refuse(message);
      throw error;
    }
    this.#seen(message);
    return message;
  }

  #refuse(message: OwnMessage): void {
    const begun = OwnMessage.treeOf(message);
    if (begun !== undefined) this.withdraw({ routed: [message], held: [] }, begun);
    else {
      this.undone.add(-OwnMessage.pendingOf(message));
      this.undone.look();
    }
  }

  #isPlain(message: Message): message is OwnMessage {
    return (
      this.counting !== 'own' &&
      this.#kept === 0 &&
      message instanceof OwnMessage &&
      !this.isWatched &&
      this.reviews?.concerns(message) !== true
    );
  }

  /** Counts messages that are about to be published. */
  enter(messages: readonly Message[], tree: Tree): Entered {
    if (messages.length === 0) return NOTHING;
    let held: Hold[] | undefined;
    for (const message of messages) {
      tree.messageCount++;
      tree.messages?.push(message);
      const hold = this.reviews?.holdOf(message);
      if (hold === undefined) this.#count(message, tree, 1);
      else {
        tree.hold(message.id);
        (held ??= []).push(hold);
      }
    }
    return held === undefined ? { routed: messages, held: NOTHING.held } : without(messages, held);
  }

  /** Takes back what `enter` counted. */
  withdraw({ routed, held }: Entered, tree: Tree): void {
    for (const message of routed) {
      this.#forget(message, tree);
      this.#count(message, tree, -1);
    }
    for (const { message } of held) {
      this.#forget(message, tree);
      tree.letGo(message.id);
    }
    this.look(tree);
  }

  #forget(message: Message, tree: Tree): void {
    tree.messageCount--;
    const at = tree.messages?.lastIndexOf(message) ?? -1;
    if (at !== -1) tree.messages?.splice(at, 1);
  }

  /**
   * Publishes what goes on in place of a message that waited for a person.
   * @returns false where somebody else has ended its waiting
   */
  async release(
    messageId: string,
    tree: Tree,
    messages: readonly Message[],
    publish: () => Promise<boolean>,
  ): Promise<boolean> {
    for (const message of messages) {
      // The one that waited is counted already.
      if (message.id !== messageId) {
        tree.messageCount++;
        tree.messages?.push(message);
      }
      this.#count(message, tree, 1);
    }
    let isReleased = false;
    try {
      isReleased = await publish();
    } finally {
      if (!isReleased)
        for (const message of messages) {
          if (message.id !== messageId) this.#forget(message, tree);
          this.#count(message, tree, -1);
        }
    }
    return isReleased;
  }

  #groupsOf({ channel, source }: Message): number {
    const readers = this.readers.match(channel);
    if (source === null) return readers.length;
    let groups = 0;
    for (const { exceptFrom } of readers) if (!exceptFrom.has(source)) groups++;
    return groups;
  }

  #count(message: Message, tree: Tree, by: 1 | -1): void {
    if (this.counting !== 'arrivals') this.undone.count(message, tree, this.#groupsOf(message), by);
  }

  /** They are on their way, or wait: watchers hear of them. */
  tell({ routed, held }: Entered, tree: Tree): void {
    for (let i = 0; i < routed.length; i++) this.#seen(routed[i] as Message);
    if (held.length > 0) this.reviews?.begun(held, tree);
  }

  // ——— what is left to be done ———

  /** A group is done with a message. */
  done(tree: Tree, message: Message): void {
    this.undone.done(tree, message);
    this.look(tree);
    // What has waited long is collected late, and would keep its tree until then.
    if (tree.place === -1 && this.#kept === 0) OwnMessage.leave(message);
  }

  /** A group is done with a message that has no tree. */
  doneBare(message: Message): void {
    OwnMessage.settle(message);
    this.undone.add(-1);
    this.undone.look();
  }

  dropped(message: Message, group: string): void {
    this.emit({ type: 'MessageDropped', message, group });
    const tree =
      this.counting === 'all'
        ? this.treeOf(message, message.time)
        : this.trees.find(message.correlationId);
    if (tree === undefined) return;
    tree.dropped++;
    if (this.counting !== 'arrivals') this.done(tree, message);
  }

  /** Sees whether a tree has come to its end. */
  look(tree: Tree): void {
    if (tree.pending === 0) this.#quiet(tree);
    this.undone.look();
  }

  #quiet(tree: Tree): void {
    if (
      tree.held.size === 0 &&
      this.trees.rest(tree) &&
      this.isWatched &&
      this.counting !== 'arrivals'
    )
      this.emit({ type: 'TreeEnded', report: tree.report(this.clock.now()) });
    tree.ended?.();
  }

  // ——— the end of a tree by force ———

  stop(tree: Tree, reason: StopReason, why: string): void {
    const error = new DaggerError(reason === 'timeout' ? 'TREE_TIMEOUT' : 'TREE_STOPPED', why);
    if (!tree.stop(reason, toErrorData(error, 'TREE_STOPPED'))) return;
    this.emit({ type: 'TreeStopped', correlationId: tree.correlationId, reason });
    this.reviews?.giveUp(tree);
    tree.breakOff(error);
    this.look(tree);
  }
}
