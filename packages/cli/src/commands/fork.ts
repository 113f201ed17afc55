import type { Command } from 'commander';
import type { ExitCode } from '../exit-code.ts';
import { exitCodes } from '../help.ts';
import { readInputs, readPairs } from '../inputs.ts';
import { InvalidCommandLine } from '../invalid-command-line.ts';
import { actionsOption, jsonOption, repeatable, storageOption } from '../options.ts';
import { startFork, type StartForkOptions } from './start-fork.ts';

interface ForkCommandOptions extends StartForkOptions {
  readonly from?: readonly string[];
  readonly input?: readonly string[];
  readonly inputs?: string;
  readonly nodeInput?: readonly string[];
}

const fork = async (parent: string, options: ForkCommandOptions): Promise<ExitCode> => {
  const { from = [], input = [], inputs, nodeInput = [], ...rest } = options;
  if (from.length === 0)
    throw new InvalidCommandLine(
      'say which node runs anew, with what follows from it: --from NODE',
    );
  return startFork(
    parent,
    {
      from,
      inputs: await readInputs(input, inputs),
      ...(nodeInput.length === 0 ? {} : { nodeInputs: readPairs(nodeInput, '--node-input') }),
    },
    rest,
  );
};

const help = `
Example:
  dagger fork nightly-2025-01-31 --from report --node-input format=pdf --actions ./actions.ts --storage runs.db
  dagger fork nightly-2025-01-31 --from fetch --from prices --input city=Paris --actions ./actions.ts --storage runs.db

The nodes of --from and everything downstream of them run anew; what else was done is kept. That is a new run: the old one
stays as it is. --input changes inputs of the run, which nodes that are kept do not see any more; --node-input sets inputs
of the nodes of --from. A value that is JSON counts as JSON (3, true, '{"a":1}', '"3"'), everything else as text.
${exitCodes}`;

export const define = (command: Command, finish: (code: ExitCode) => void): void => {
  command
    .argument('<run-id>', 'the id of the run: see `dagger runs list`')
    .addOption(repeatable('--from <node>', 'a node that runs anew, with what follows from it'))
    .addOption(repeatable('-i, --input <name=value>', 'an input of the run that changes'))
    .option('--inputs <file>', 'a JSON file with the inputs of the run that change')
    .addOption(repeatable('--node-input <name=value>', 'an input of the nodes of --from'))
    .addOption(actionsOption())
    .addOption(storageOption())
    .option('--run-id <id>', 'the id of the new run (default: a new one)')
    .addOption(jsonOption('the report'))
    .option('--svg <file>', 'draw the new run into a file')
    .addHelpText('after', help)
    .action(async (parent: string) =>
      finish(await fork(parent, command.optsWithGlobals<ForkCommandOptions>())),
    );
};
