#!/usr/bin/env node
import { namedIn } from './commands.ts';
import { mustBeModernNode } from './modern-node.ts';
import { surviveClosedPipes } from './output.ts';
import { runCommandLine } from './program.ts';

mustBeModernNode();
surviveClosedPipes();
const args = process.argv.slice(2);
if (namedIn(args).length > 0) (await import('./stray-errors.ts')).endOnStrayErrors();
// Modules of actions may leave timers or connections behind; they must not keep the process.
process.exit(await runCommandLine(args));
