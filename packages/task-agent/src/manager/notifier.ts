import type { CancelTimer, Clock, Storage } from '@dagger/core';

/** Milliseconds between two notifications of one topic: they are only a hint that it is worth looking. */
const PAUSE = 5;

/**
 * Tells other processes, after the commit and at most every few milliseconds a topic: a notification within each transaction
 * would have all commits of a PostgreSQL server wait for each other.
 */
export class Notifier {
  readonly #storage: Storage;
  readonly #clock: Clock;
  /** Topics that were told a moment ago, and whether they are to be told again. */
  readonly #recent: Map<string, { again: boolean; readonly cancel: CancelTimer }> = new Map();
  #underWay: Promise<void> = Promise.resolve();

  constructor(storage: Storage, clock: Clock) {
    this.#storage = storage;
    this.#clock = clock;
  }

  tell(topic: string): void {
    if (this.#storage.notify === undefined) return;
    const recent = this.#recent.get(topic);
    if (recent !== undefined) {
      recent.again = true;
      return;
    }
    this.#send(topic);
    const cancel = this.#clock.after(PAUSE, () => {
      const again = this.#recent.get(topic)?.again ?? false;
      this.#recent.delete(topic);
      if (again) this.tell(topic);
    });
    this.#recent.set(topic, { again: false, cancel });
  }

  #send(topic: string): void {
    // Whoever is not told looks by himself before long.
    const sent = this.#storage.notify?.(this.#storage.db, topic).catch(() => {});
    this.#underWay = Promise.all([this.#underWay, sent]).then(() => {});
  }

  async close(): Promise<void> {
    for (const [topic, { again, cancel }] of this.#recent) {
      cancel();
      if (again) this.#send(topic);
    }
    this.#recent.clear();
    await this.#underWay;
  }
}
