import { DaggerError, type CancelTimer, type Clock } from '@dagger/core';

interface Timer {
  readonly due: number;
  readonly order: number;
  readonly wake: () => void;
}

/** Turns of Node's event loop that promises and commits get to settle in. */
const TURNS = 6;

/**
 * Time that moves only when a test says so; every timer fires at its exact time, in order. Timers of the same time fire
 * in the order in which they were set.
 *
 * ```ts
 * const clock = new SimulatedClock();
 * const executor = await DagExecutor.open({ registry, clock });
 * const run = executor.run('patient'); // an action that fails twice, and an hour between its attempts
 * const report = await clock.advanceUntil(run);
 * clock.elapsed; // 7_200_000, and the test took no time
 * ```
 */
export class SimulatedClock implements Clock {
  readonly start: number;
  #now: number;
  #order = 0;
  readonly #timers: Set<Timer> = new Set();

  /** @param start milliseconds since the Unix epoch; default the beginning of 2030 */
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

  /** When the next timer fires, in milliseconds since the epoch; undefined when there is none. */
  get nextDue(): number | undefined {
    return this.#next()?.due;
  }

  after(ms: number, wake: () => void): CancelTimer {
    const timer = { due: this.#now + ms, order: this.#order++, wake };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** Lets everything happen that needs no time. @param turns of Node's event loop, default 6 */
  async settle(turns: number = TURNS): Promise<void> {
    for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve));
  }

  /** Moves on by `ms` milliseconds, from timer to timer, and lets each have its effects before the next fires. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    await this.settle();
    for (let next = this.#next(); next !== undefined && next.due <= until; next = this.#next()) {
      this.#fire(next);
      await this.settle();
    }
    this.#now = until;
  }

  /** Jumps to the next timer and fires it; false when there is none. Its effects come with the next `settle`. */
  fireNext(): boolean {
    const next = this.#next();
    if (next !== undefined) this.#fire(next);
    return next !== undefined;
  }

  /**
   * Waits for `work`. Whenever it can only wait for time, time jumps to the next timer.
   * @throws DaggerError TEST_DEADLOCK when `work` waits for something that is not time
   */
  async advanceUntil<T>(work: PromiseLike<T>): Promise<T> {
    const seen = { settled: false };
    const settled = (): void => void (seen.settled = true);
    work.then(settled, settled);
    await this.settle();
    while (!seen.settled) {
      if (!this.fireNext())
        throw new DaggerError('TEST_DEADLOCK', 'no timer is left, and the work is not done');
      await this.settle();
    }
    return work;
  }

  /** A promise that is kept after `ms` simulated milliseconds. */
  wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(ms, resolve);
    });
  }

  #fire(timer: Timer): void {
    this.#timers.delete(timer);
    this.#now = Math.max(this.#now, timer.due);
    timer.wake();
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
