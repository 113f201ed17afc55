import type { Explanation } from '@dagger/core';
import colors from 'picocolors';
import type { Command } from 'commander';
import { oneLine } from '../escape.ts';
import { ExitCode } from '../exit-code.ts';
import { jsonOption, storageOption } from '../options.ts';
import { print } from '../output.ts';
import { openExisting } from '../storage.ts';

interface ExplainOptions {
  readonly storage?: string;
  readonly json?: true;
}

const LONGEST_REASON = 1_000;

/** A reason that says no more than the summary is left out. */
const asText = ({ summary, reasons }: Explanation): string =>
  [
    oneLine(summary, LONGEST_REASON),
    ...reasons
      .filter(({ text }) => text !== summary)
      .map(({ kind, text }) => `  ${colors.dim(`${kind}:`)} ${oneLine(text, LONGEST_REASON)}`),
  ].join('\n');

const explain = async (
  runId: string,
  nodeId: string,
  { storage, json }: ExplainOptions,
): Promise<void> => {
  await using executor = await openExisting(storage);
  const explanation = await executor.explain(runId, nodeId);
  const text = json === true ? JSON.stringify(explanation, null, 2) : asText(explanation);
  await print(`${text}\n`);
};

const help = `
Example:
  dagger explain nightly-2025-01-31 report --storage runs.db

Why it ran, waits, was skipped, failed, or took what an earlier run had made (\`cache_strategy\`).
`;

export const define = (command: Command, finish: (code: ExitCode) => void): void => {
  command
    .argument('<run-id>', 'the id of the run: see `dagger runs list`')
    .argument('<node>', 'the id of the node: see `dagger runs show`')
    .addOption(storageOption())
    .addOption(jsonOption('the explanation'))
    .addHelpText('after', help)
    .action(async (runId: string, nodeId: string, options: ExplainOptions) => {
      await explain(runId, nodeId, options);
      finish(ExitCode.SUCCESS);
    });
};
