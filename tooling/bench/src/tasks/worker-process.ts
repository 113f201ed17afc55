import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { deferred } from '../deferred.ts';
import type { SystemName } from './systems.ts';

const child = fileURLToPath(new URL('./worker-child.ts', import.meta.url));

export interface WorkerProcess {
  /** As it would end in order. */
  readonly stop: () => Promise<unknown>;
  readonly kill: () => Promise<unknown>;
}

export interface WorkerOptions {
  /** No task ends. */
  readonly hold?: boolean;
  /** A task has begun, at this `exactNow`. */
  readonly began: (at: number) => void;
}

/** A worker in a process of its own, once it waits for tasks. */
export async function startWorker(
  system: SystemName,
  place: string,
  { hold = false, began }: WorkerOptions,
): Promise<WorkerProcess> {
  const worker = fork(child, [system, place, hold ? 'hold' : 'end'], {
    execArgv: ['-C', '@dagger/source'],
  });
  const exited = once(worker, 'exit');
  const { promise: ready, resolve, reject } = deferred<void>();
  worker.on('message', (message) => (message === 'ready' ? resolve() : began(Number(message))));
  exited.then(() => reject(new Error(`the worker process of ${system} ended`)), reject);
  await ready;
  return {
    stop: () => {
      if (worker.connected) worker.disconnect();
      return exited;
    },
    kill: () => {
      worker.kill('SIGKILL');
      return exited;
    },
  };
}
