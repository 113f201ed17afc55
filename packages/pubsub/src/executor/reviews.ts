import { DaggerError, type CancelTimer, type JsonValue } from '@dagger/core';
import { sealJson } from '@dagger/core/kernel';
import type { Message } from '../message/message.ts';
import { matches } from '../subject/subject.ts';
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

interface Held {
  readonly message: Message;
  readonly tree: Tree;
  readonly since: number;
  overdue: boolean;
  readonly cancel: CancelTimer | undefined;
}

/** The messages that a person has to see before anybody receives them. */
export class Reviews {
  readonly #exchange: Exchange;
  readonly #channels: readonly (readonly [pattern: string, options: ReviewOptions])[];
  readonly #held: Map<string, Held> = new Map();
  /** Those that were let through, which are not held again. */
  readonly #passed: WeakSet<Message> = new WeakSet();

  constructor(exchange: Exchange, channels: Readonly<Record<string, ChannelOptions>>) {
    this.#exchange = exchange;
    this.#channels = Object.entries(channels).flatMap(([pattern, { review }]) =>
      review === undefined ? [] : [[pattern, review] as const],
    );
  }

  #optionsOf(channel: string): ReviewOptions | undefined {
    return this.#channels.find(([pattern]) => matches(pattern, channel))?.[1];
  }

  holds(message: Message): boolean {
    return (
      this.#channels.length > 0 &&
      this.#optionsOf(message.channel) !== undefined &&
      !this.#passed.has(message)
    );
  }

  hold(message: Message, tree: Tree): void {
    const { clock, emit } = this.#exchange;
    const { wait, onTimeout = 'pause' } = this.#optionsOf(message.channel) ?? {};
    const cancel =
      wait === undefined
        ? undefined
        : clock.after(wait * 1_000, () => this.#timeOut(message.id, onTimeout === 'autopilot'));
    tree.hold(message.id);
    this.#held.set(message.id, { message, tree, since: clock.now(), overdue: false, cancel });
    emit({ type: 'ReviewRequested', message });
  }

  #timeOut(id: string, letThrough: boolean): void {
    const held = this.#held.get(id);
    if (held === undefined) return;
    held.overdue = true;
    this.#exchange.emit({
      type: 'ReviewDecided',
      messageId: id,
      decision: letThrough ? 'autopilot' : 'overdue',
    });
    if (letThrough) void this.#release(held, held.message).catch(() => {});
  }

  list(): readonly PendingReview[] {
    return [...this.#held.values()].map(({ message, since, overdue }) => ({
      message,
      since,
      overdue,
    }));
  }

  /** @throws DaggerError REVIEW_UNKNOWN */
  #find(messageId: string): Held {
    const held = this.#held.get(messageId);
    if (held !== undefined) return held;
    throw new DaggerError('REVIEW_UNKNOWN', `no message '${messageId}' waits for a person`);
  }

  /** @throws DaggerError REVIEW_UNKNOWN, MESSAGE_INVALID, NOT_JSON, CHANNEL_FULL */
  async approve(messageId: string, edited: { readonly payload?: unknown } = {}): Promise<Message> {
    const held = this.#find(messageId);
    let { message } = held;
    if (edited.payload !== undefined) {
      const payload: JsonValue = sealJson(edited.payload);
      const { channel, headers, key, source } = message;
      await this.#exchange.contracts.check(channel, payload, null);
      const fields = { channel, payload, headers, key, source };
      message = this.#exchange.caused(message, held.tree, fields);
    }
    this.#exchange.emit({ type: 'ReviewDecided', messageId, decision: 'approved' });
    await this.#release(held, message);
    return message;
  }

  async #release({ message: original, tree, cancel }: Held, message: Message): Promise<void> {
    cancel?.();
    this.#held.delete(original.id);
    this.#passed.add(message);
    if (message === original) {
      // It is counted anew.
      tree.messageCount--;
      tree.messages?.splice(tree.messages.lastIndexOf(message), 1);
    }
    try {
      await this.#exchange.publish(message, tree);
    } finally {
      tree.letGo(original.id);
      this.#exchange.look(tree);
    }
  }

  /** @throws DaggerError REVIEW_UNKNOWN */
  async reject(messageId: string, reason: string): Promise<void> {
    const { message, tree, cancel } = this.#find(messageId);
    cancel?.();
    this.#held.delete(messageId);
    const error = {
      name: 'DaggerError',
      code: 'REJECTED',
      message: `rejected by a person: ${reason}`,
      retryable: false,
    };
    tree.error ??= error;
    tree.deadLetters++;
    this.#exchange.emit({ type: 'ReviewDecided', messageId, decision: 'rejected' });
    const letter = deadLetterOf(this.#exchange, message, tree, {
      agent: 'review',
      attempts: 0,
      error,
    });
    try {
      if (letter !== undefined) await this.#exchange.publish(letter, tree);
    } finally {
      tree.letGo(messageId);
      this.#exchange.look(tree);
    }
  }

  /** A message that was not published after all. @returns whether it was held */
  forget(messageId: string): boolean {
    const held = this.#held.get(messageId);
    if (held === undefined) return false;
    held.cancel?.();
    held.tree.letGo(messageId);
    return this.#held.delete(messageId);
  }

  /** The tree was stopped: nobody needs to look at its messages any more. */
  release(tree: Tree): void {
    for (const id of tree.held) this.forget(id);
  }

  close(): void {
    for (const { cancel } of this.#held.values()) cancel?.();
    this.#held.clear();
  }
}
