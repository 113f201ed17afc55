import { DaggerError, type CancelTimer, type JsonValue } from '@dagger/core';
import { sealJson } from '@dagger/core/kernel';
import type { Message } from '../message/message.ts';
import { matches } from '../subject/subject.ts';
import { MemoryHolds } from '../transport/memory-holds.ts';
import type { Hold, HoldStore } from '../transport/transport.ts';
import { deadLetterOf } from './dead-letter.ts';
import type { Exchange } from './exchange.ts';
import type { ChannelOptions, ReviewOptions } from './options.ts';
import type { Tree } from './tree.ts';

/** A message that waits for a person. */
export interface PendingReview {
  readonly message: Message;
  /** Milliseconds since the Unix epoch. */
  readonly since: number;
  /** Whether it has waited longer than its channel says. */
  readonly overdue: boolean;
}

/** A message that this process knows to wait. */
interface Known {
  readonly tree: Tree | undefined;
  readonly cancel: CancelTimer | undefined;
}

type Decision = 'approved' | 'rejected' | 'autopilot' | 'overdue';

/** Milliseconds between two looks at what others hold, where holds are shared. */
const LOOK = 5_000;
/** Milliseconds after which a message is let through again that could not be. */
const AGAIN = 1_000;

/** The messages that a person has to see before anybody receives them. */
export class Reviews {
  readonly #exchange: Exchange;
  readonly #channels: readonly (readonly [pattern: string, options: ReviewOptions])[];
  readonly #store: HoldStore;
  /** Undefined where the transport keeps them. */
  readonly #memory: MemoryHolds | undefined;
  readonly #known: Map<string, Known> = new Map();
  #cancelLook: CancelTimer | undefined;
  #isClosed = false;

  constructor(exchange: Exchange, channels: Readonly<Record<string, ChannelOptions>>) {
    this.#exchange = exchange;
    this.#channels = Object.entries(channels).flatMap(([pattern, { review }]) =>
      review === undefined ? [] : [[pattern, review] as const],
    );
    const { transport } = exchange;
    this.#memory =
      transport.holds === undefined
        ? new MemoryHolds((messages) => transport.publish(messages))
        : undefined;
    this.#store = transport.holds ?? (this.#memory as MemoryHolds);
  }

  /** Sees to what was held before, and goes on looking at what others hold. */
  async open(): Promise<void> {
    if (this.#memory !== undefined || this.#channels.length === 0) return;
    await this.#look();
  }

  async #look(): Promise<void> {
    try {
      await this.#list();
    } catch (error) {
      this.#exchange.logger('warn', 'the messages that wait for people could not be read', {
        error: error instanceof Error ? error.message : String(error),
      });
    }
    if (this.#isClosed) return;
    this.#cancelLook = this.#exchange.clock.after(LOOK, () => void this.#look());
  }

  /** All that waits; what others hold is known from here on, and what they decided is not waited for any more. */
  async #list(): Promise<readonly Hold[]> {
    const before = [...this.#known];
    const holds = await this.#store.list();
    if (this.#isClosed || this.#memory !== undefined) return holds;
    const waiting = new Set(holds.map(({ message }) => message.id));
    for (const [id, known] of before)
      if (!waiting.has(id) && this.#known.get(id) === known) this.#forget(id);
    for (const hold of holds) if (!this.#known.has(hold.message.id)) this.#know(hold, undefined);
    return holds;
  }

  // ——— which messages ———

  #optionsOf(channel: string): ReviewOptions | undefined {
    return this.#channels.find(([pattern]) => matches(pattern, channel))?.[1];
  }

  /** Whether a person has to see a message first. */
  concerns({ channel }: Message): boolean {
    return this.#channels.length > 0 && this.#optionsOf(channel) !== undefined;
  }

  /** How a message waits; undefined where it need not. */
  holdOf(message: Message): Hold | undefined {
    if (this.#channels.length === 0) return undefined;
    const options = this.#optionsOf(message.channel);
    if (options === undefined) return undefined;
    const { wait, onTimeout = 'pause' } = options;
    const since = this.#exchange.clock.now();
    return { message, since, dueAt: wait === undefined ? null : since + wait * 1_000, onTimeout };
  }

  /** They wait from here on. */
  begun(holds: readonly Hold[], tree: Tree): void {
    for (const hold of holds) {
      this.#memory?.add(hold);
      this.#know(hold, tree);
      this.#exchange.emit({ type: 'ReviewRequested', message: hold.message });
    }
  }

  #know(hold: Hold, tree: Tree | undefined): void {
    const { message, dueAt } = hold;
    this.#known.set(message.id, {
      tree,
      cancel: dueAt === null ? undefined : this.#at(dueAt, message.id),
    });
  }

  #at(time: number, id: string): CancelTimer {
    const { clock } = this.#exchange;
    return clock.after(Math.max(0, time - clock.now()), () => void this.#timeOut(id));
  }

  async #timeOut(id: string): Promise<void> {
    try {
      const hold = await this.#store.find(id);
      if (hold === undefined || this.#isClosed) return;
      if (hold.onTimeout === 'autopilot') await this.#release(hold, [hold.message], 'autopilot');
      else this.#decided(id, 'overdue');
    } catch (error) {
      this.#exchange.logger('warn', 'a message could not be let through by itself', {
        messageId: id,
        error: error instanceof Error ? error.message : String(error),
      });
      const known = this.#known.get(id);
      if (known === undefined || this.#isClosed) return;
      const cancel = this.#at(this.#exchange.clock.now() + AGAIN, id);
      this.#known.set(id, { ...known, cancel });
    }
  }

  async list(): Promise<readonly PendingReview[]> {
    const holds = await this.#list();
    const now = this.#exchange.clock.now();
    return holds.map(({ message, since, dueAt }) => ({
      message,
      since,
      overdue: dueAt !== null && dueAt <= now,
    }));
  }

  // ——— decisions ———

  /** @throws DaggerError REVIEW_UNKNOWN */
  async #find(messageId: string): Promise<Hold> {
    return (await this.#store.find(messageId)) ?? unknown(messageId);
  }

  #treeOf({ message }: Hold): Tree {
    return this.#exchange.treeOf(message, this.#exchange.clock.now());
  }

  /** @throws DaggerError REVIEW_UNKNOWN, MESSAGE_INVALID, NOT_JSON, CHANNEL_FULL */
  async approve(messageId: string, edited: { readonly payload?: unknown } = {}): Promise<Message> {
    const hold = await this.#find(messageId);
    let { message } = hold;
    if (edited.payload !== undefined) {
      const payload: JsonValue = sealJson(edited.payload);
      const { channel, headers, key, source } = message;
      await this.#exchange.contracts.check(channel, payload, null);
      const fields = { channel, payload, headers, key, source };
      message = this.#exchange.make.caused(message, this.#treeOf(hold), fields);
    }
    if (!(await this.#release(hold, [message], 'approved'))) return unknown(messageId);
    return message;
  }

  /** @throws DaggerError REVIEW_UNKNOWN, CHANNEL_FULL */
  async reject(messageId: string, reason: string): Promise<void> {
    const hold = await this.#find(messageId);
    const tree = this.#treeOf(hold);
    const error = {
      name: 'DaggerError',
      code: 'REJECTED',
      message: `rejected by a person: ${reason}`,
      retryable: false,
    };
    const refusal = { agent: 'review', attempts: 0, error };
    const letter = deadLetterOf(this.#exchange, hold.message, tree, refusal);
    const letters = letter === undefined ? [] : [letter];
    if (!(await this.#release(hold, letters, 'rejected'))) unknown(messageId);
    tree.error ??= error;
    tree.deadLetters++;
  }

  async #release(hold: Hold, messages: readonly Message[], decision: Decision): Promise<boolean> {
    const exchange = this.#exchange;
    const { id } = hold.message;
    const tree = this.#treeOf(hold);
    const isReleased = await exchange.release(id, tree, messages, () =>
      this.#store.release(id, messages),
    );
    if (isReleased) {
      this.#decided(id, decision);
      exchange.tell({ routed: messages, held: [] }, tree);
    }
    tree.letGo(id);
    this.#forget(id);
    exchange.look(tree);
    return isReleased;
  }

  #decided(messageId: string, decision: Decision): void {
    this.#exchange.emit({ type: 'ReviewDecided', messageId, decision });
  }

  /** It waits no more, as far as this process is concerned. */
  #forget(id: string): void {
    const known = this.#known.get(id);
    if (known === undefined) return;
    this.#known.delete(id);
    known.cancel?.();
    if (known.tree === undefined) return;
    known.tree.letGo(id);
    this.#exchange.look(known.tree);
  }

  /** The tree was stopped: nobody needs to look at its messages any more. */
  giveUp(tree: Tree): void {
    // Where they are kept, the next bus goes on with them.
    if (tree.stopped === 'closed' && this.#memory === undefined) return;
    for (const id of tree.held) {
      this.#store.release(id, []).catch((error: unknown) => {
        this.#exchange.logger('warn', 'a message of a stopped tree still waits for a person', {
          messageId: id,
          error: error instanceof Error ? error.message : String(error),
        });
      });
      this.#forget(id);
      tree.letGo(id);
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelLook?.();
    for (const { cancel } of this.#known.values()) cancel?.();
    this.#known.clear();
  }
}

const unknown = (messageId: string): never => {
  throw new DaggerError('REVIEW_UNKNOWN', `no message '${messageId}' waits for a person`);
};
