import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));

export interface Ended {
  /** Null when a signal ended the process. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves when the text has been printed, on stdout or stderr; rejects when the process ends without it. */
  printed(text: string): Promise<void>;
}

/** A folder with files that is gone after the test. */
export const folder = (files: Readonly<Record<string, string>> = {}): string => {
  const path = mkdtempSync(join(tmpdir(), 'dagger-cli-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  return path;
};

/** Starts the real command in a folder. */
export const start = (
  cwd: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Started => {
  const child = spawn(process.execPath, ['-C', '@dagger/source', MAIN, ...args], {
    cwd,
    // The variables of whoever runs the tests must not decide them.
    env: { PATH: process.env['PATH'], HOME: cwd, NO_COLOR: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const text = { stdout: '', stderr: '' };
  const watchers = new Set<() => void>();
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      text[name] += chunk;
      for (const watch of watchers) watch();
    });
  const ended = once(child, 'close').then(([code]: unknown[]): Ended => ({
    code: code as number | null,
    ...text,
  }));
  return {
    process: child,
    ended,
    printed: (wanted) =>
      new Promise((resolve, reject) => {
        const watch = (): void => {
          if (text.stdout.includes(wanted) || text.stderr.includes(wanted)) resolve();
        };
        watchers.add(watch);
        watch();
        void ended.then((end) =>
          reject(new Error(`ended without printing '${wanted}': ${JSON.stringify(end)}`)),
        );
      }),
  };
};

/** Runs the real command to its end. */
export const dagger = (
  cwd: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> => start(cwd, args, env).ended;
