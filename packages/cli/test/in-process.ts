import { stripVTControlCharacters } from 'node:util';
import { runCommandLine } from '../src/program.ts';

/** How a command ended that ran in this process. */
export interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line in this process: for commands that neither take signals nor keep stdout for themselves. */
export const say = async (...args: readonly string[]): Promise<Said> => {
  const text = { stdout: '', stderr: '' };
  // oxlint-disable-next-line unbound-method -- they are put back where they were
  const kept = { log: console.error, out: process.stdout.write, err: process.stderr.write };
  const into =
    (name: keyof typeof text): typeof process.stdout.write =>
    (chunk: unknown, ...rest: unknown[]) => {
      text[name] += String(chunk);
      const done = rest.at(-1);
      if (typeof done === 'function') (done as () => void)();
      return true;
    };
  console.error = (line: unknown) => void (text.stderr += `${String(line)}\n`);
  process.stdout.write = into('stdout');
  process.stderr.write = into('stderr');
  try {
    const code = await runCommandLine(args);
    return {
      code,
      stdout: stripVTControlCharacters(text.stdout),
      stderr: stripVTControlCharacters(text.stderr),
    };
  } finally {
    console.error = kept.log;
    process.stdout.write = kept.out;
    process.stderr.write = kept.err;
  }
};
