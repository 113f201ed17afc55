import type { Command } from 'commander';
import type { ExitCode } from '../exit-code.ts';
import { exitCodes } from '../help.ts';
import { actionsOption, jsonOption, storageOption } from '../options.ts';
import { startFork, type StartForkOptions } from './start-fork.ts';

const help = `
Example:
  dagger rerun nightly-2025-01-31 report --actions ./actions.ts --storage runs.db

The node and everything downstream of it run anew, with the inputs that they had; what else was done is kept. That is a new
run: the old one stays as it is. The node runs whatever results of earlier runs there are (\`cache_strategy\`); what follows
from it may use them. \`dagger fork\` does it with changed inputs, \`dagger resume\` goes on with the old run.
${exitCodes}`;

export const define = (command: Command, finish: (code: ExitCode) => void): void => {
  command
    .argument('<run-id>', 'the id of the run: see `dagger runs list`')
    .argument('<node>', 'the id of the node: see `dagger runs show`')
    .addOption(actionsOption())
    .addOption(storageOption())
    .option('--run-id <id>', 'the id of the new run (default: a new one)')
    .addOption(jsonOption('the report'))
    .option('--svg <file>', 'draw the new run into a file')
    .addHelpText('after', help)
    .action(async (parent: string, node: string) =>
      finish(await startFork(parent, { from: node }, command.optsWithGlobals<StartForkOptions>())),
    );
};
