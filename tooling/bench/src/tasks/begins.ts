import { deferred } from '../deferred.ts';

const LONGEST_MS = 120_000;

/** When the handlers of tasks began, by `exactNow`. */
export class Begins {
  readonly times: number[] = [];
  #wanted = Infinity;
  #reached: () => void = () => {};

  add(at: number): void {
    this.times.push(at);
    if (this.times.length >= this.#wanted) this.#reached();
  }

  /** Waits until so many have begun; gives the time of the last of them. */
  async reach(count: number): Promise<number> {
    const { promise, resolve, reject } = deferred<void>();
    const late = new Error(`${this.times.length} of ${count} tasks began, the others did not`);
    const timer = setTimeout(reject, LONGEST_MS, late);
    this.#wanted = count;
    this.#reached = () => resolve();
    if (this.times.length >= count) resolve();
    await promise.finally(() => clearTimeout(timer));
    return this.times[count - 1]!;
  }
}
