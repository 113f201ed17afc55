import { writeSync } from 'node:fs';
import { ExitCode } from './exit-code.ts';

/**
 * An action or an agent that ends the process must not pass its own code off as that of the work: says what was not done,
 * and ends with 1.
 * @returns what takes the guard away
 */
export const guardExit = (words: () => string): (() => void) => {
  const guard = (): void => {
    writeSync(2, `${words()}\n`);
    process.exitCode = ExitCode.FAILED;
  };
  process.once('exit', guard);
  return () => void process.removeListener('exit', guard);
};
