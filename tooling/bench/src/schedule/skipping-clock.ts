import type { CancelTimer, Clock } from '@dagger/core';

interface Alarm {
  readonly due: number;
  readonly wake: () => void;
}

/** Time that jumps to the next alarm as soon as nothing else is left to do. */
export class SkippingClock implements Clock {
  #now = Date.UTC(2026, 0, 1);
  readonly #alarms: Set<Alarm> = new Set();

  now(): number {
    return this.#now;
  }

  after(ms: number, wake: () => void): CancelTimer {
    const alarm = { due: this.#now + ms, wake };
    this.#alarms.add(alarm);
    return () => void this.#alarms.delete(alarm);
  }

  /** Waits for `work`. What is due at the same time wakes together. */
  async drive<T>(work: Promise<T>): Promise<T> {
    let open = true;
    const close = (): void => void (open = false);
    work.then(close, close);
    for (;;) {
      // Twice: the run may itself ask for another turn of the event loop.
      await turnOfTheLoop();
      await turnOfTheLoop();
      if (!open) return work;
      this.#skip();
    }
  }

  #skip(): void {
    let next = Infinity;
    for (const { due } of this.#alarms) next = Math.min(next, due);
    if (next === Infinity) throw new Error('the run waits for something that is not time');
    this.#now = next;
    for (const alarm of [...this.#alarms].filter(({ due }) => due <= next)) {
      this.#alarms.delete(alarm);
      alarm.wake();
    }
  }
}

function turnOfTheLoop(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
