import { spawnSync } from 'node:child_process';

/** Runs a program, shows its output only if it fails, and returns what it printed on stdout. */
export function run(program: string, args: readonly string[], cwd: string): string {
  const child = spawnSync(program, args, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 300_000,
  });
  if (child.status === 0) return child.stdout;
  const reason = child.error?.message ?? child.signal ?? `exit code ${String(child.status)}`;
  throw new Error(
    [`${program} ${args.join(' ')}: ${reason}`, child.stdout, child.stderr].join('\n').trimEnd(),
  );
}
