import type { Clock } from '@dagger/core';

/** Numbers per millisecond: small enough that the numbers stay exact for the next eighty years. */
const PER_MILLISECOND = 2_048;

/** Gives each task a number that grows: tasks of one priority run in the order in which they were added. */
export class Order {
  readonly #clock: Clock;
  #last = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  next(): number {
    this.#last = Math.max(this.#last + 1, Math.trunc(this.#clock.now()) * PER_MILLISECOND);
    return this.#last;
  }
}

/** When a task was added, in milliseconds since the epoch. */
export const timeOf = (ord: number): number => Math.floor(ord / PER_MILLISECOND);
