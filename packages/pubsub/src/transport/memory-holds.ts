import type { Message } from '../message/message.ts';
import type { Hold, HoldStore } from './transport.ts';

type Publish = (messages: readonly Message[]) => Promise<void> | void;

/** Messages that wait for people, in this process. */
export class MemoryHolds implements HoldStore {
  readonly #publish: Publish;
  readonly #held: Map<string, Hold> = new Map();
  /** Those whose messages are being published. */
  readonly #leaving: Set<string> = new Set();

  constructor(publish: Publish) {
    this.#publish = publish;
  }

  add(hold: Hold): void {
    this.#held.set(hold.message.id, hold);
  }

  async list(): Promise<readonly Hold[]> {
    return [...this.#held.values()];
  }

  async find(messageId: string): Promise<Hold | undefined> {
    return this.#held.get(messageId);
  }

  async release(messageId: string, messages: readonly Message[]): Promise<boolean> {
    if (!this.#held.has(messageId) || this.#leaving.has(messageId)) return false;
    this.#leaving.add(messageId);
    try {
      if (messages.length > 0) await this.#publish(messages);
      this.#held.delete(messageId);
      return true;
    } finally {
      this.#leaving.delete(messageId);
    }
  }
}
