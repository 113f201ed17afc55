import type { Command } from 'commander';
import type { ExitCode } from '../exit-code.ts';
import { parseValue } from '../inputs.ts';
import { answersHelp, decide, withDecisionOptions, type DecisionOptions } from './decision.ts';

const help = `
Example:
  dagger answer nightly-2025-01-31 which-city Paris --storage runs.db

An answer that is JSON counts as JSON (3, true, '{"a":1}', '"3"'), everything else as text.
${answersHelp}`;

export const define = (command: Command, finish: (code: ExitCode) => void): void => {
  command
    .argument('<run-id>', 'the id of the run: see `dagger runs list`')
    .argument('<node>', 'the id of the node: see `dagger runs show`')
    .argument('<answer>', 'a text, or JSON');
  withDecisionOptions(command)
    .addHelpText('after', help)
    .action(async (runId: string, node: string, answer: string, options: DecisionOptions) =>
      finish(await decide(runId, node, 'answer', options, parseValue(answer))),
    );
};
