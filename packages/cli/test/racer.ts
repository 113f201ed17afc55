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

/** Runs a command line in this process and gives what it says on stderr. */
const race = async (args: readonly string[]): Promise<Raced> => {
  let stderr = '';
  console.error = (text: unknown) => void (stderr += `${String(text)}\n`);
  return { code: await runCommandLine(args), stderr };
};

process.on('message', ({ args }: Race) => {
  void race(args).then((raced) => process.send?.(raced));
});
process.send?.('ready');
