import type { CancelTimer, Clock } from '../src/clock.ts';

interface Wait {
  readonly due: number;
  readonly order: number;
  readonly wake: () => void;
}

/** Lets everything that is ready to go on do so: promises, and the immediates that they set. */
export const settle = async (turns = 12): Promise<void> => {
  for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve));
};

/** Time that stands still until a test moves it. */
export class ManualClock implements Clock {
  static readonly START: number = Date.UTC(2026, 0, 1);
  #now: number = ManualClock.START;
  #order = 0;
  readonly #waits: Set<Wait> = new Set();

  now(): number {
    return this.#now;
  }

  /** Milliseconds since the clock was made. */
  get elapsed(): number {
    return this.#now - ManualClock.START;
  }

  after(ms: number, wake: () => void): CancelTimer {
    const wait: Wait = { due: this.#now + ms, order: this.#order++, wake };
    this.#waits.add(wait);
    return () => void this.#waits.delete(wait);
  }

  /** Moves time on by `ms`; what comes due on the way fires in order, with time to react. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (let next = this.#next(); next !== undefined && next.due <= end; next = this.#next()) {
      this.#fire(next);
      await settle();
    }
    this.#now = end;
  }

  /** Waits for `work`; whenever it can only wait for time, time jumps to the next deadline. */
  async drive<T>(work: Promise<T>): Promise<T> {
    const state = { open: true };
    const close = (): void => void (state.open = false);
    work.then(close, close);
    await settle();
    while (state.open) {
      const next = this.#next();
      if (next === undefined) throw new Error('the work waits for something that is not time');
      this.#fire(next);
      await settle();
    }
    return work;
  }

  #next(): Wait | undefined {
    let first: Wait | undefined;
    for (const wait of this.#waits)
      if (
        first === undefined ||
        wait.due < first.due ||
        (wait.due === first.due && wait.order < first.order)
      )
        first = wait;
    return first;
  }

  #fire(wait: Wait): void {
    this.#waits.delete(wait);
    this.#now = Math.max(this.#now, wait.due);
    wait.wake();
  }
}
