import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { childModule, type Order, type SessionResult } from './child.ts';

/** How a process ended, and what it said before. */
export interface Ended {
  readonly results: readonly SessionResult[];
  /** It killed itself at its point. */
  readonly killed: boolean;
  /** What it wrote when it ended otherwise than by its end or its point. */
  readonly failure: string | undefined;
}

const PROGRAM =
  'const [, , module, order] = process.argv; const { crashChild } = await import(module); await crashChild(order);';

/** Milliseconds after which a process is taken to hang; it then ends by SIGTERM. */
const LONGEST = 60_000;

/** Read from its sources, the package needs their condition to find the others. */
const conditions = childModule.endsWith('.ts') ? ['-C', '@dagger/source'] : [];

/** Starts a process and waits for its end. @param compileCache a folder that keeps compiled modules */
export const runChild = (order: Order, compileCache: string): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const args = [...conditions, '--input-type=module', '-e', PROGRAM];
    // An adapter is looked for beside the program, which is the first argument: the scenario.
    const child = spawn(
      process.execPath,
      [...args, fileURLToPath(order.scenario), childModule, JSON.stringify(order)],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: LONGEST,
        env: { ...process.env, NODE_COMPILE_CACHE: compileCache },
      },
    );
    const text = { out: '', err: '' };
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text.out += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (text.err += chunk));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      const lines = text.out.split('\n').filter((line) => line.startsWith('{'));
      const killed = signal === 'SIGKILL';
      resolve({
        results: lines.map((line) => JSON.parse(line) as SessionResult),
        killed,
        failure: killed || code === 0 ? undefined : `exit ${code ?? signal}: ${text.err.trim()}`,
      });
    });
  });
