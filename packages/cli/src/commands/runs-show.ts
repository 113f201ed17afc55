import type { PendingInput, RunReport, StoredRun } from '@dagger/core';
import colors from 'picocolors';
import type { Command } from 'commander';
import { oneLine } from '../escape.ts';
import { ExitCode } from '../exit-code.ts';
import { jsonOption, storageOption } from '../options.ts';
import { print } from '../output.ts';
import { errorText } from '../report/error-text.ts';
import { duration } from '../report/duration.ts';
import { summary } from '../report/summary.ts';
import { pendingText, waitLines } from '../report/waits.ts';
import { openExisting } from '../storage.ts';

interface RunsShowOptions {
  readonly storage?: string;
  readonly json?: true;
}

/** The failed attempts that were followed by another. */
const retries = (report: RunReport): readonly string[] =>
  Object.values(report.nodes).flatMap((node) =>
    node.retries.map(
      ({ attempt, error, failedAt, delayMs }) =>
        `${failedAt} ${oneLine(node.id)} attempt ${attempt}, again after ${duration(delayMs)}: ${errorText(error)}`,
    ),
  );

const asText = (
  report: RunReport,
  pending: readonly PendingInput[],
  parent: StoredRun['parent'],
): string => {
  const lines = [summary(report), colors.dim(`started ${report.startedAt}`)];
  if (parent !== null)
    lines.push(colors.dim(`fork of ${oneLine(parent.runId)}, anew from ${oneLine(parent.nodes)}`));
  if (report.finishedAt !== null) lines.push(colors.dim(`ended ${report.finishedAt}`));
  const attempts = retries(report);
  if (attempts.length > 0) lines.push('', colors.bold('RETRIES'), ...attempts);
  if (report.waiting.length > 0)
    lines.push('', colors.bold('WAITING'), ...report.waiting.flatMap(waitLines));
  if (pending.length > 0)
    lines.push('', colors.bold('NOT TAKEN UP YET'), ...pending.map(pendingText));
  return lines.join('\n');
};

const help = `
Example:
  dagger runs show nightly-2025-01-31 --storage runs.db --json

It lists who waits for what, which branches are paused, and which answers and commands are not taken up yet, and says of a
fork which run it was made out of.
`;

export const addRunsShow = (runs: Command, finish: (code: ExitCode) => void): void => {
  runs
    .command('show')
    .description('show what became of a run and of each of its nodes')
    .argument('<run-id>', 'the id of the run')
    .addOption(storageOption())
    .addOption(jsonOption('the report'))
    .addHelpText('after', help)
    .action(async (runId: string, { storage, json }: RunsShowOptions) => {
      await using executor = await openExisting(storage);
      const report = await executor.report(runId);
      const pending = await executor.pendingInputs(runId);
      const parent = (await executor.listRuns({ runId }))[0]?.parent ?? null;
      const text =
        json === true
          ? JSON.stringify({ ...report.toJSON(), parent, pendingInputs: pending }, null, 2)
          : asText(report, pending, parent);
      await print(`${text}\n`);
      finish(ExitCode.SUCCESS);
    });
};
