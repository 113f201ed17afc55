import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, onTestFinished } from 'vitest';
import type { Answered, Asked } from './host.ts';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const HOST = fileURLToPath(new URL('host.ts', import.meta.url));

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

/** The variables of whoever runs the tests must not decide them. What was compiled once need not be again. */
const variables = (cwd: string, env: Readonly<Record<string, string>>): Asked['env'] => ({
  PATH: process.env['PATH'],
  HOME: cwd,
  NO_COLOR: '1',
  NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
  ...env,
});

/** Starts the real command in a folder. */
export const start = (
  cwd: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Started => {
  const child = spawn(process.execPath, ['-C', '@dagger/source', MAIN, ...args], {
    cwd,
    env: variables(cwd, env),
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

/** Runs the real command to its end, in a process of its own: for what would end or outlive a process of others. */
export const alone = (
  cwd: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> => start(cwd, args, env).ended;

let host: ChildProcess | undefined;
afterAll(() => void host?.kill('SIGKILL'));

/** The end of what the host did last: it has one current directory, so it does one thing at a time. */
let last: Promise<unknown> = Promise.resolve();

const askHost = async (asked: Asked): Promise<Ended> => {
  host ??= fork(HOST, {
    execArgv: ['-C', '@dagger/source'],
    env: variables(tmpdir(), {}),
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const over = new AbortController();
  const answered = once(host, 'message', over).then(([message]: unknown[]) => message as Answered);
  const died = once(host, 'exit', over).then(([code, signal]: unknown[]): never => {
    throw new Error(`the host ended with ${String(code ?? signal)}: ${asked.args.join(' ')}`);
  });
  // The one that did not come is given up.
  for (const promise of [answered, died]) promise.catch(() => {});
  host.send(asked);
  return Promise.race([answered, died]).finally(() => over.abort());
};

/**
 * Runs a command to its end in a process that did others before it: that a process starts and ends costs more than most
 * commands do. For those that leave nothing to the end of their process.
 */
export const shared = async (
  cwd: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> => {
  const own = last.then(() => askHost({ cwd, args, env: variables(cwd, env) }));
  last = own.catch(() => {});
  return own;
};

/** Commands that differ only in what they tell a run: one of them stands for all. */
const TELLING: ReadonlySet<string | undefined> = new Set([
  'approve',
  'reject',
  'answer',
  'set',
  'instruct',
  'pause',
  'cancel',
]);
const known = new Set<string | undefined>();

/** Runs a command to its end. The first of each kind in a file is a process of its own, as people start it. */
export const dagger = (
  cwd: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> => {
  const kind = TELLING.has(args[0]) ? 'tell' : args[0];
  const isNew = !known.has(kind);
  known.add(kind);
  return (isNew ? alone : shared)(cwd, args, env);
};
