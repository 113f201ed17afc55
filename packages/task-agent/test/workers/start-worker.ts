import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

/** A worker in a process of its own. */
export interface WorkerProcess {
  /** The next lines that it says; what it wrote before it ended is thrown when there are not so many. */
  says(lines: number): Promise<readonly string[]>;
  /** Resolves when it is gone. */
  kill(): Promise<void>;
  /** Lets it close; resolves with its exit code. */
  end(): Promise<number | null>;
}

const WORKER = fileURLToPath(new URL('worker.ts', import.meta.url));

/** @param how whether it ends its attempts, or holds them for ever */
export const startWorker = (storage: string, log: string, how: 'work' | 'hold'): WorkerProcess => {
  const child = spawn(
    process.execPath,
    ['-C', '@dagger/source', '--no-warnings', WORKER, storage, log, how],
    { stdio: 'pipe', cwd: fileURLToPath(new URL('..', import.meta.url)) },
  );
  onTestFinished(() => void child.kill('SIGKILL'));
  const closed = once(child, 'close');
  let trouble = '';
  child.stderr.on('data', (data) => (trouble += String(data)));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async says(count) {
      const said: string[] = [];
      while (said.length < count) {
        const { done, value } = await lines.next();
        if (done) throw new Error(`the worker ended: ${trouble}`);
        said.push(value);
      }
      return said;
    },
    async kill() {
      child.kill('SIGKILL');
      await closed;
    },
    async end() {
      child.stdin.end();
      await closed;
      return child.exitCode;
    },
  };
};
