/**
 * One queue as the measurements of single tasks see it, latency and recovery: a process opens it at a place, the name of a schema or
 * a file, which it creates where it is not there yet.
 */
export interface TaskSystem {
  /** @param handler is what each task does; without it the process only enqueues, and works on nothing */
  readonly open: (place: string, handler?: () => Promise<void>) => Promise<OpenSystem>;
}

export interface OpenSystem {
  readonly enqueue: () => Promise<unknown>;
  readonly close: () => Promise<unknown>;
}
