import { systemClock, type Clock } from '@dagger/core';

/** Asking the system costs a tenth of what a message does. */
const READS = 8;

/**
 * What time it is, for what happens several times in a millisecond: the system is asked once for a few answers, and anew in each
 * turn of the event loop. Of another clock than the system's, the exact time.
 */
export class CoarseTime {
  readonly #clock: Clock;
  readonly #reads: number;
  #now = 0;
  #left = 0;
  #isWatching = false;
  readonly #turn = (): void => {
    this.#left = 0;
    this.#isWatching = false;
  };

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#reads = clock === systemClock ? READS : 0;
  }

  now(): number {
    if (this.#left > 0) {
      this.#left--;
      return this.#now;
    }
    this.#now = this.#clock.now();
    this.#left = this.#reads;
    if (this.#reads > 0 && !this.#isWatching) {
      this.#isWatching = true;
      setImmediate(this.#turn);
    }
    return this.#now;
  }
}
