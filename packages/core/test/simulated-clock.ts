import type { CancelTimer, Clock } from '../src/clock.ts';

interface Timer {
  readonly due: number;
  readonly order: number;
  readonly wake: () => void;
}

/** Turns of Node's event loop that promises and commits get to settle in. */
const TURNS = 6;

/** Time that moves only when a test says so; every timer fires at its exact time, in order. */
export class SimulatedClock implements Clock {
  readonly start: number;
  #now: number;
  #order = 0;
  readonly #timers: Set<Timer> = new Set();

  constructor(start: number = Date.UTC(2030, 0, 1)) {
    this.start = start;
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  /** Milliseconds since the beginning. */
  get elapsed(): number {
    return this.#now - this.start;
  }

  /** When the next timer fires; undefined when there is none. */
  get nextDue(): number | undefined {
    return this.#next()?.due;
  }

  after(ms: number, wake: () => void): CancelTimer {
    const timer = { due: this.#now + ms, order: this.#order++, wake };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** Lets everything happen that needs no time. */
  async settle(turns: number = TURNS): Promise<void> {
    for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve));
  }

  /** Moves on by `ms` milliseconds, from timer to timer, and lets each have its effects before the next fires. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    await this.settle();
    for (let next = this.#next(); next !== undefined && next.due <= until; next = this.#next()) {
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.due);
      next.wake();
      await this.settle();
    }
    this.#now = until;
  }

  /** A promise that is kept after `ms` simulated milliseconds. */
  wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(ms, resolve);
    });
  }

  #next(): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) {
      if (
        first === undefined ||
        timer.due < first.due ||
        (timer.due === first.due && timer.order < first.order)
      )
        first = timer;
    }
    return first;
  }
}
