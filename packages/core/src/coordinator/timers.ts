import type { CancelTimer, Clock } from '../clock.ts';

interface Deadline {
  readonly due: number;
  readonly order: number;
  fire: (() => void) | undefined;
}

const earlier = (a: Deadline, b: Deadline): boolean =>
  a.due < b.due || (a.due === b.due && a.order < b.order);

/** Many deadlines on one timer of the clock: a binary heap, cancelled ones dropped when they come up. */
export class Timers {
  readonly #clock: Clock;
  #heap: Deadline[] = [];
  #live = 0;
  #order = 0;
  #armed: { readonly due: number; readonly cancel: CancelTimer } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls `fire` once at `due` (milliseconds since the epoch) or soon after. */
  at(due: number, fire: () => void): CancelTimer {
    const deadline: Deadline = { due, order: this.#order++, fire };
    this.#live++;
    this.#heap.push(deadline);
    this.#up(this.#heap.length - 1);
    this.#arm();
    return () => {
      if (deadline.fire === undefined) return;
      deadline.fire = undefined;
      this.#live--;
      if (this.#live === 0) this.stop();
      else if (this.#heap.length > 64 && this.#heap.length > 4 * this.#live) this.#sweep();
    };
  }

  /** Forgets every deadline. */
  stop(): void {
    this.#armed?.cancel();
    this.#armed = undefined;
    this.#heap = [];
    this.#live = 0;
  }

  #arm(): void {
    const next = this.#heap[0];
    if (next === undefined || (this.#armed !== undefined && this.#armed.due <= next.due)) return;
    this.#armed?.cancel();
    this.#armed = {
      due: next.due,
      cancel: this.#clock.after(Math.max(0, next.due - this.#clock.now()), () => this.#fire()),
    };
  }

  #fire(): void {
    this.#armed = undefined;
    const now = this.#clock.now();
    for (
      let first = this.#heap[0];
      first !== undefined && first.due <= now;
      first = this.#heap[0]
    ) {
      this.#removeFirst();
      const { fire } = first;
      if (fire === undefined) continue;
      first.fire = undefined;
      this.#live--;
      fire();
    }
    this.#arm();
  }

  #sweep(): void {
    this.#heap = this.#heap
      .filter((d) => d.fire !== undefined)
      .toSorted((a, b) => (earlier(a, b) ? -1 : 1));
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    heap[0] = last;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) return;
      if (child + 1 < heap.length && earlier(heap[child + 1] as Deadline, heap[child] as Deadline))
        child++;
      if (!earlier(heap[child] as Deadline, last)) return;
      heap[at] = heap[child] as Deadline;
      heap[child] = last;
      at = child;
    }
  }

  #up(start: number): void {
    const heap = this.#heap;
    let at = start;
    const moved = heap[at] as Deadline;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!earlier(moved, heap[parent] as Deadline)) break;
      heap[at] = heap[parent] as Deadline;
      at = parent;
    }
    heap[at] = moved;
  }
}
