import type { Command } from 'commander';
import type { ExitCode } from '../exit-code.ts';
import { answersHelp, decide, withDecisionOptions, type DecisionOptions } from './decision.ts';

const help = `
Example:
  dagger reject nightly-2025-01-31 review --storage runs.db --reason 'not before Monday'

The node fails and what depends on it is skipped, unless it takes a rejection as an answer; other branches go on.${answersHelp}`;

export const define = (command: Command, finish: (code: ExitCode) => void): void => {
  command
    .argument('<run-id>', 'the id of the run: see `dagger runs list`')
    .argument('<node>', 'the id of the node: see `dagger runs show`')
    .option('--data <json>', 'what the node gets with it');
  withDecisionOptions(command)
    .addHelpText('after', help)
    .action(async (runId: string, node: string, options: DecisionOptions) =>
      finish(await decide(runId, node, 'reject', options)),
    );
};
