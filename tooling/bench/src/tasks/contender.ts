/** What the tasks of a measurement wait for: nothing, one task that all the others wait for, or each for the one before. */
export type Shape = 'independent' | 'fanOut' | 'chain';
export const shapes: readonly Shape[] = ['independent', 'fanOut', 'chain'];

export type Measure = Shape | 'latency' | 'latencyAcross' | 'recovery';

/** Where the tasks lie: only rows of one group promise the same when the power fails. */
export type Group = 'sqlite normal' | 'sqlite full' | 'postgres' | 'redis';
export const groups: readonly Group[] = ['sqlite normal', 'sqlite full', 'postgres', 'redis'];

/**
 * One task queue in the comparison, by its public API. A shape gives the milliseconds from the first call that enqueues until the
 * last of its tasks is known to be complete; starting and stopping workers is not timed. Everyone checks with `withCalls` that
 * each task ran exactly once, and after what it waits for. What cannot be done throws `NotPossible`.
 */
export interface TaskContender {
  /** Within its group. */
  readonly name: string;
  readonly role: 'floor' | 'peer' | 'dagger';
  readonly group: Group;
  readonly independent: (tasks: number) => Promise<number>;
  /** One task, and so many others that wait for it. */
  readonly fanOut?: (tasks: number) => Promise<number>;
  readonly chain?: (tasks: number) => Promise<number>;
  /** For each task alone in an idle system: milliseconds from the call that enqueues it until its handler begins. */
  readonly latency?: (tasks: number) => Promise<number[]>;
  /** The same with the handler in another process. */
  readonly latencyAcross?: (tasks: number) => Promise<number[]>;
  /** Milliseconds from the SIGKILL of a worker until the tasks that it worked on run again in another process. */
  readonly recovery?: () => Promise<number>;
  /** Why something is not there. */
  readonly lacks?: Readonly<Partial<Record<Measure, string>>>;
  /** Shapes that it takes so long for that fewer tasks are measured. */
  readonly fewer?: Readonly<Partial<Record<Shape, number>>>;
}
