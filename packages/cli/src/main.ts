#!/usr/bin/env node
import { ExitCode } from './exit-code.ts';
import { mustBeModernNode } from './modern-node.ts';
import { surviveClosedPipes } from './output.ts';
import { printError } from './print-error.ts';
import { runCommandLine } from './program.ts';

mustBeModernNode();
surviveClosedPipes();
// A promise that an action forgot: the state of the process is unknown, and a stored run can be resumed.
process.on('uncaughtException', (error) => {
  printError(error, process.argv.includes('--verbose'));
  process.exit(ExitCode.FAILED);
});
// Modules of actions may leave timers or connections behind; they must not keep the process.
process.exit(await runCommandLine(process.argv.slice(2)));
