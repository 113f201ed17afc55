import type { Clock } from '../clock.ts';

/** The time that a session does nothing but wait for people; it does not count against the timeout of the run. */
export class Patience {
  readonly #clock: Clock;
  #since: number | undefined;
  /** Milliseconds waited and not spared yet. */
  #waited = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Nothing is left to do but to wait. */
  begin(): void {
    this.#since ??= this.#clock.now();
  }

  /** There is something to do again. */
  over(): void {
    if (this.#since === undefined) return;
    this.#waited += this.#clock.now() - this.#since;
    this.#since = undefined;
  }

  /** Milliseconds by which the timeout moves, counted once. */
  spare(): number {
    const waiting = this.#since !== undefined;
    this.over();
    if (waiting) this.begin();
    const spared = this.#waited;
    this.#waited = 0;
    return spared;
  }
}
