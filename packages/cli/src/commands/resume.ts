import type { Command } from 'commander';
import { loadActions } from '../actions-module.ts';
import type { ExitCode } from '../exit-code.ts';
import { exitCodes } from '../help.ts';
import { logLines } from '../log-lines.ts';
import { actionsOption, jsonOption, storageOption } from '../options.ts';
import { reserveStdout } from '../output.ts';
import { watchSession } from '../session.ts';
import { openExisting } from '../storage.ts';

interface ResumeCommandOptions {
  readonly actions?: readonly string[];
  readonly storage?: string;
  readonly json?: true;
  readonly svg?: string;
  readonly verbose?: true;
}

const resume = async (runId: string, options: ResumeCommandOptions): Promise<ExitCode> => {
  const json = options.json === true ? reserveStdout() : undefined;
  const verbose = options.verbose === true;
  const { storage, svg, actions = [] } = options;
  const registry = await loadActions(actions);
  await using executor = await openExisting(storage, { registry, logger: logLines(verbose) });
  const handle = await executor.startResume(runId);
  return await watchSession(executor, handle, { storage, actions, json, svg, verbose });
};

const help = `
Example:
  dagger resume nightly-2025-01-31 --actions ./actions.ts --storage runs.db

The definition and the inputs that the run began with are used. What succeeded is not done again; after a pause, a
failure or a cancellation, the nodes that failed or were cancelled get another chance. A run that succeeded just gives
its report.
${exitCodes}`;

export const addResume = (program: Command, finish: (code: ExitCode) => void): void => {
  program
    .command('resume')
    .description('go on with a run after a crash, a pause, a failure or a cancellation')
    .argument('<run-id>', 'the id of the run: see `dagger runs list`')
    .addOption(actionsOption())
    .addOption(storageOption())
    .addOption(jsonOption('the report'))
    .option('--svg <file>', 'draw the run into a file')
    .addHelpText('after', help)
    .action(async (runId: string, _own: unknown, command: Command) =>
      finish(await resume(runId, command.optsWithGlobals<ResumeCommandOptions>())),
    );
};
