import { runCommandLine } from '../src/program.ts';

/** What a host is told: where to do what a command line says, and with which variables. */
export interface Asked {
  readonly cwd: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** How the command ended in the host. */
export interface Answered {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Collects what is written; the one who writes is told that it has been taken. */
const collected = (stream: NodeJS.WriteStream): (() => string) => {
  let text = '';
  stream.write = (chunk: string | Uint8Array, ...more: unknown[]): boolean => {
    text += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
    const taken = more.at(-1);
    if (typeof taken === 'function') (taken as () => void)();
    return true;
  };
  return () => text;
};

/** Runs a command line as `main.ts` does, but for the end of the process. */
const answer = async ({ cwd, args, env }: Asked): Promise<Answered> => {
  process.chdir(cwd);
  process.env = { ...env };
  const stdout = collected(process.stdout);
  const stderr = collected(process.stderr);
  const code = await runCommandLine(args);
  return { code, stdout: stdout(), stderr: stderr() };
};

process.on('message', (asked: Asked) => {
  void answer(asked).then((answered) => process.send?.(answered));
});
