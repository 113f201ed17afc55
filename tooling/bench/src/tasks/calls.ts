import { deferred } from '../deferred.ts';
import type { Shape } from './contender.ts';

/** Counts the handler's calls, task by task, so that nobody can lose, repeat or reorder one. Tasks are numbered from 0. */
export interface Calls {
  /** The whole work of a task. */
  readonly call: (task: number) => void;
  /** As many calls as tasks; rejects where nothing is called any more. */
  readonly all: Promise<void>;
  /** Throws unless each task ran exactly once. */
  readonly check: (contender: string) => void;
  readonly close: () => void;
}

/** Nobody's pause between two tasks comes near this. */
const STALLED_MS = 60_000;

/** How many tasks there are: those that wait for one have it beside them. */
export function tasksIn(shape: Shape, size: number): number {
  return shape === 'fanOut' ? size + 1 : size;
}

/** The task that a task waits for. */
export function waitsFor(shape: Shape, task: number): number | undefined {
  if (shape === 'independent' || task === 0) return undefined;
  return shape === 'fanOut' ? 0 : task - 1;
}

/** Lends the counter for a run, and checks it when the run is over and its workers are gone. */
export async function withCalls(
  contender: string,
  shape: Shape,
  size: number,
  run: (calls: Calls) => Promise<number>,
): Promise<number> {
  const calls = countCalls(shape, size);
  try {
    const took = await run(calls);
    calls.check(contender);
    return took;
  } finally {
    calls.close();
  }
}

function countCalls(shape: Shape, size: number): Calls {
  const times = new Uint8Array(tasksIn(shape, size));
  let [calls, early] = [0, 0];
  const { promise: all, resolve, reject } = deferred<void>();
  let seen = -1;
  const watch = setInterval(() => {
    if (calls === seen)
      reject(new Error(`stuck after ${calls} of ${times.length} tasks (${shape})`));
    seen = calls;
  }, STALLED_MS);
  // Whoever waits hears of it; a run that failed otherwise no longer does.
  all.catch(() => {});
  return {
    all,
    close: () => clearInterval(watch),
    call: (task) => {
      const before = waitsFor(shape, task);
      if (before !== undefined && times[before] === 0) early += 1;
      times[task]! += 1;
      calls += 1;
      if (calls === times.length) resolve();
    },
    check: (contender) => {
      const [missed, repeated] = [count(times, (n) => n === 0), count(times, (n) => n > 1)];
      if (missed + repeated + early === 0) return;
      throw new Error(
        `${contender}, ${shape}: of ${times.length} tasks ${missed} never ran, ${repeated} ran more than once and ${early} ran ` +
          `before what they wait for: its numbers would mean nothing`,
      );
    },
  };
}

function count(times: Uint8Array, which: (n: number) => boolean): number {
  return times.reduce((sum, n) => sum + (which(n) ? 1 : 0), 0);
}
