import { runCommandLine } from '../src/program.ts';

/** What a racer is told: to do what a command line says. */
interface Race {
  readonly args: readonly string[];
}

/** How the command ended in a racer. */
export interface Raced {
  readonly code: number;
  readonly stderr: string;
}

/** Runs a command line in this process; its output is kept from the terminal. */
const race = async (args: readonly string[]): Promise<Raced> => {
  const { stdout, stderr } = process;
  const writes = [stdout.write, stderr.write] as const;
  let told = '';
  const silent = (keep: boolean): typeof process.stdout.write =>
    ((text: string, done?: unknown) => {
      if (keep) told += text;
      if (typeof done === 'function') done();
      return true;
    }) as typeof process.stdout.write;
  stdout.write = silent(false);
  stderr.write = silent(true);
  try {
    return { code: await runCommandLine(args), stderr: told };
  } finally {
    [stdout.write, stderr.write] = writes;
  }
};

process.on('message', ({ args }: Race) => {
  void race(args).then((raced) => process.send?.(raced));
});
process.send?.('ready');
