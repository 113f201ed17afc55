import { ExitCode } from './exit-code.ts';
import { printError } from './print-error.ts';

/** A promise that an action forgot: the state of the process is unknown, and a stored run can be resumed. */
export const endOnStrayErrors = (): void => {
  process.on('uncaughtException', (error) => {
    printError(error, process.argv.includes('--verbose'));
    process.exit(ExitCode.FAILED);
  });
};
