/** Lets so many in at a time, in the order in which they came. */
export class Window {
  readonly #size: number;
  #inside = 0;
  #waiting: (() => void)[] = [];
  #next = 0;

  constructor(size: number) {
    this.#size = size;
  }

  /** Undefined when there is room at once. */
  enter(): Promise<void> | undefined {
    if (this.#inside < this.#size) {
      this.#inside++;
      return undefined;
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  leave(): void {
    const wake = this.#waiting[this.#next];
    if (wake === undefined) {
      this.#inside--;
      return;
    }
    // The place goes on to the next. What was taken is cut off now and then, not each time.
    this.#next++;
    if (this.#next === this.#waiting.length || this.#next >= 1_024) {
      this.#waiting = this.#waiting.slice(this.#next);
      this.#next = 0;
    }
    wake();
  }
}
