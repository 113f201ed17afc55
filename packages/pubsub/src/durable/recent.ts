import type { Message } from '../message/message.ts';

/** Messages that are kept. */
const MOST = 2_048;

/** What was published here of late, by offset: those who claim it need not read it. */
export class Recent {
  readonly #messages: Map<number, Message> = new Map();

  add(messages: ReadonlyMap<number, Message>): void {
    for (const [offset, message] of messages) this.#messages.set(offset, message);
    let over = this.#messages.size - MOST;
    for (const offset of this.#messages.keys()) {
      if (over-- <= 0) break;
      this.#messages.delete(offset);
    }
  }

  get(offset: number): Message | undefined {
    return this.#messages.get(offset);
  }
}
