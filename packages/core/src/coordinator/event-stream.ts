import type { ExecutionEvent } from '../run/public-events.ts';

/** What `subscribe` takes; RxJS observers fit. */
export interface EventObserver<E = ExecutionEvent> {
  next?(event: E): void;
  error?(error: unknown): void;
  complete?(): void;
}

export interface Subscription {
  unsubscribe(): void;
}

/** What RxJS and its like look for: the symbol where the platform has it, else this text. */
const observable: PropertyKey =
  (Symbol as { readonly observable?: symbol }).observable ?? '@@observable';

/**
 * The events of a run, for any number of watchers. Each watcher sees the events after it began to watch, in order.
 *
 * - `for await`: a bounded buffer per loop. When a loop is slower than the run and its buffer is full, the run starts no
 *   new nodes until the loop catches up; leaving the loop ends its hold.
 * - `subscribe` (RxJS takes the stream itself: `from(stream)`): called at once for each event; what it throws is dropped.
 */
export class EventStream<E = ExecutionEvent> implements AsyncIterable<E> {
  readonly #observers: Set<EventObserver<E>> = new Set();
  readonly #buffers: Set<{ readonly events: E[]; wake: (() => void) | undefined }> = new Set();
  readonly #capacity: number;
  readonly #drained: () => void;
  #ended: { readonly error: unknown } | undefined;

  /** @internal */
  constructor(capacity: number, drained: () => void) {
    this.#capacity = capacity;
    this.#drained = drained;
    Object.defineProperty(this, observable, { value: () => this });
  }

  /** Whether anybody watches. */
  get watched(): boolean {
    return this.#observers.size > 0 || this.#buffers.size > 0;
  }

  /** Whether a watcher is so far behind that the run should wait. */
  get full(): boolean {
    for (const { events } of this.#buffers) if (events.length >= this.#capacity) return true;
    return false;
  }

  subscribe(observer: EventObserver<E> | ((event: E) => void)): Subscription {
    const target = typeof observer === 'function' ? { next: observer } : observer;
    if (this.#ended !== undefined) {
      conclude(target, this.#ended.error);
      return { unsubscribe: () => {} };
    }
    this.#observers.add(target);
    return { unsubscribe: () => void this.#observers.delete(target) };
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<E, void, undefined> {
    if (this.#ended !== undefined) return;
    const buffer: { readonly events: E[]; wake: (() => void) | undefined } = {
      events: [],
      wake: undefined,
    };
    this.#buffers.add(buffer);
    try {
      for (;;) {
        while (buffer.events.length > 0) {
          // Taken in slabs, because shifting a long array one by one is quadratic.
          const slab = buffer.events.splice(0);
          this.#drained();
          yield* slab;
        }
        const ended = this.#endedWith();
        if (ended !== undefined) {
          // oxlint-disable-next-line only-throw-error -- what broke the run off reaches the loop as it is
          if (ended.error !== undefined) throw ended.error;
          return;
        }
        await new Promise<void>((resolve) => (buffer.wake = resolve));
      }
    } finally {
      this.#buffers.delete(buffer);
      this.#drained();
    }
  }

  /** Asked anew after each wait. */
  #endedWith(): { readonly error: unknown } | undefined {
    return this.#ended;
  }

  /** @internal */
  static emit<E>(stream: EventStream<E>, event: E): void {
    for (const observer of stream.#observers) {
      try {
        observer.next?.(event);
      } catch {
        // A watcher's mistake is not the run's.
      }
    }
    for (const buffer of stream.#buffers) {
      buffer.events.push(event);
      buffer.wake?.();
    }
  }

  /** @internal @param error what broke the run off, if anything did: observers hear it, loops throw it */
  static end<E>(stream: EventStream<E>, error?: unknown): void {
    if (stream.#ended !== undefined) return;
    stream.#ended = { error };
    for (const observer of stream.#observers) conclude(observer, error);
    stream.#observers.clear();
    for (const buffer of stream.#buffers) buffer.wake?.();
  }
}

/** Tells an observer of the end; what it throws is dropped. */
const conclude = <E>(observer: EventObserver<E>, error: unknown): void => {
  try {
    if (error === undefined) observer.complete?.();
    else observer.error?.(error);
  } catch {
    // A watcher's mistake is not the run's.
  }
};
