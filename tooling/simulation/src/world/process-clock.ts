import type { CancelTimer, Clock } from '@dagger/core';

/** The time of one process: while it is frozen its timers wait, and after its death they never fire. */
export class ProcessClock implements Clock {
  readonly #inner: Clock;
  #state: 'running' | 'frozen' | 'dead' = 'running';
  #late: (() => void)[] = [];

  constructor(inner: Clock) {
    this.#inner = inner;
  }

  now(): number {
    return this.#inner.now();
  }

  after(ms: number, wake: () => void): CancelTimer {
    let isCancelled = false;
    const fire = (): void => {
      if (!isCancelled) wake();
    };
    const cancel = this.#inner.after(ms, () => {
      if (this.#state === 'running') fire();
      else if (this.#state === 'frozen') this.#late.push(fire);
    });
    return () => {
      isCancelled = true;
      cancel();
    };
  }

  freeze(): void {
    this.#state = 'frozen';
  }

  thaw(): void {
    this.#state = 'running';
    for (const fire of this.#late.splice(0)) fire();
  }

  die(): void {
    this.#state = 'dead';
    this.#late = [];
  }
}
