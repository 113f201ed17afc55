import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { DaggerError } from '@dagger/core';
import { Piscina } from 'piscina';
import type { ThreadResult, ThreadTask } from './task.ts';

export interface ThreadPoolOptions {
  /** Threads at most, at least 1. They are started as tasks come. Default: one for each core. */
  readonly threads?: number;
  /** Seconds after which a thread that has nothing to do ends. Default 30. Idle threads do not keep a process alive. */
  readonly idleTimeout?: number;
  /** Megabytes of heap that a thread may use; one that needs more is ended, and its attempt fails. Default: that of Node. */
  readonly maxHeap?: number;
}

/** Threads that several actions share. Attempts that find no free thread wait in line; waiting counts against their timeout. */
export interface ThreadPool {
  readonly threads: number;
  /**
   * Runs one attempt; rejects with the reason of the signal when that is aborted, which ends the thread.
   * @internal
   */
  run(task: ThreadTask, signal: AbortSignal): Promise<ThreadResult>;
  /** Waits for the attempts that run; those that wait in line fail, and so does every later one. Ends the threads. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Beside this file, in the sources and in the package alike. */
const worker = new URL(
  import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js',
  import.meta.url,
);

const checked = ({ threads, idleTimeout, maxHeap }: ThreadPoolOptions): void => {
  const refuse = (what: string): never => {
    throw new DaggerError('CONFIG_INVALID', `a pool of threads: ${what}`);
  };
  if (threads !== undefined && !(Number.isInteger(threads) && threads >= 1))
    refuse(`threads must be a whole number of at least 1, not ${threads}`);
  if (idleTimeout !== undefined && !(idleTimeout >= 0))
    refuse(`idleTimeout must be a number of seconds of at least 0, not ${idleTimeout}`);
  if (maxHeap !== undefined && !(maxHeap > 0))
    refuse(`maxHeap must be a number of megabytes above 0, not ${maxHeap}`);
};

const closedError = (): DaggerError =>
  new DaggerError('THREAD_POOL_CLOSED', 'the pool of threads was closed');

/** What a thread that ended in the middle of an attempt means for it. */
const crash = (cause: unknown): DaggerError => {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new DaggerError('THREAD_CRASHED', `the thread of the attempt ended: ${reason}`, {
    cause,
    recoverable: true,
  });
};

/** @throws DaggerError CONFIG_INVALID */
export const createThreadPool = (options: ThreadPoolOptions = {}): ThreadPool => {
  checked(options);
  const { threads = availableParallelism(), idleTimeout = 30, maxHeap } = options;
  const pool = new Piscina({
    filename: fileURLToPath(worker),
    name: 'runTask',
    minThreads: 0,
    maxThreads: threads,
    idleTimeout: idleTimeout * 1000,
    ...(maxHeap === undefined ? {} : { resourceLimits: { maxOldGenerationSizeMb: maxHeap } }),
    // A thread that waits for its next task must let timers of earlier ones come up, not hold its event loop.
    atomics: 'disabled',
  });
  // A thread may also end when it has nothing to do; that is nobody's failure.
  pool.on('error', () => {});

  // The line is kept here: Piscina starts no thread for those in its own when one has crashed.
  const line: { readonly begin: () => void; readonly refuse: (error: Error) => void }[] = [];
  const running = new Set<Promise<unknown>>();
  let closed = false;
  let busy = 0;

  const turn = (signal: AbortSignal): Promise<void> => {
    if (busy < threads) {
      busy++;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const place = {
        begin: () => {
          signal.removeEventListener('abort', leave);
          resolve();
        },
        refuse: (error: Error) => {
          signal.removeEventListener('abort', leave);
          reject(error);
        },
      };
      const leave = (): void => {
        line.splice(line.indexOf(place), 1);
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', leave, { once: true });
      line.push(place);
    });
  };
  /** The next in line takes the thread, or it is free. */
  const leave = (): void => {
    const next = line.shift();
    if (next === undefined) busy--;
    else next.begin();
  };

  const work = async (task: ThreadTask, signal: AbortSignal): Promise<ThreadResult> => {
    try {
      signal.throwIfAborted();
      return (await pool.run(task, { signal, transferList: [task.port] })) as ThreadResult;
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw crash(error);
    } finally {
      leave();
    }
  };

  const close = async (): Promise<void> => {
    closed = true;
    for (const { refuse } of line.splice(0)) refuse(closedError());
    await Promise.allSettled(running);
    await pool.destroy();
  };

  return {
    threads,
    async run(task, signal) {
      if (closed) throw closedError();
      signal.throwIfAborted();
      await turn(signal);
      const result = work(task, signal);
      running.add(result);
      try {
        return await result;
      } finally {
        running.delete(result);
      }
    },
    close,
    [Symbol.asyncDispose]: close,
  };
};
