import type { CancelTimer } from '../clock.ts';
import type { Inbox, InboxMessage } from '../storage/inbox.ts';

/** Brings what arrives in the inbox of a run to its session, each message once. */
export class InboxLine {
  readonly #inbox: Inbox;
  readonly #deliver: (message: InboxMessage) => void;
  readonly #known: Set<string> = new Set();
  #cancel: CancelTimer | undefined;
  #looking: Promise<number> | undefined;
  #again = false;
  /** `lookOnceMore` was asked to when the run had this many events. */
  #lastSeq = -1;
  #lastLook = false;

  constructor(inbox: Inbox, deliver: (message: InboxMessage) => void) {
    this.#inbox = inbox;
    this.#deliver = deliver;
  }

  /** @param first what was read before the session began */
  start(first: readonly InboxMessage[]): void {
    this.#take(first);
    this.#cancel = this.#inbox.watch(() => void this.look());
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  /**
   * Looks for new messages; resolves with how many there were, once everything is delivered that was in the inbox at the
   * time of the call, also when a look was under way then. A look that fails is made up for by the next.
   */
  look(): Promise<number> {
    if (this.#looking !== undefined) {
      this.#again = true;
      return this.#looking;
    }
    const looking = this.#read();
    this.#looking = looking;
    return looking;
  }

  /**
   * Looks unless it did so when the run had just as many events; whether a look that it began is under way.
   * @param then called when it has looked
   */
  lookOnceMore(seq: number, then: () => void): boolean {
    if (this.#lastSeq === seq) return this.#lastLook;
    this.#lastSeq = seq;
    this.#lastLook = true;
    void this.look().then(() => {
      this.#lastLook = false;
      then();
    });
    return true;
  }

  async #read(): Promise<number> {
    let found = 0;
    try {
      do {
        this.#again = false;
        found += this.#take(await this.#inbox.read());
      } while (this.#again);
    } catch {
      // The next look makes up for it.
    }
    // Here and not when the promise tells of it: whoever calls in between is to have a look of their own.
    this.#looking = undefined;
    return found;
  }

  #take(messages: readonly InboxMessage[]): number {
    let fresh = 0;
    for (const message of messages) {
      if (this.#known.has(message.id)) continue;
      this.#known.add(message.id);
      fresh++;
      this.#deliver(message);
    }
    return fresh;
  }
}
