#!/usr/bin/env node
import { surviveClosedPipes } from './output.ts';
import { runCommandLine } from './program.ts';

surviveClosedPipes();
// Modules of actions may leave timers or connections behind; they must not keep the process.
process.exit(await runCommandLine(process.argv.slice(2)));
