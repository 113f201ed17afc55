import type { DagExecutor, RunHandle } from '@dagger/core';
import type { Command } from 'commander';
import { loadActions } from '../actions-module.ts';
import { ExitCode } from '../exit-code.ts';
import { exitCodes } from '../help.ts';
import { logLines } from '../log-lines.ts';
import { oneLine } from '../escape.ts';
import { actionsOption, jsonOption, storageOption } from '../options.ts';
import { print, reserveStdout } from '../output.ts';
import { watchSession, type SessionOptions } from '../session.ts';
import { openExisting } from '../storage.ts';
import { deliveryText, PATIENCE } from './tell-run.ts';

interface ResumeCommandOptions {
  readonly actions?: readonly string[];
  readonly storage?: string;
  readonly json?: true;
  readonly svg?: string;
  readonly branch?: string;
  readonly verbose?: true;
}

/** Resumes a branch; whether the run is ours to go on with: nobody works on it, and its actions are here. */
const resumeBranch = async (
  executor: DagExecutor,
  runId: string,
  branchId: string,
  { storage = '', actions, json }: Omit<SessionOptions, 'svg' | 'verbose'>,
): Promise<boolean> => {
  const command = { type: 'ResumeBranch', branchId } as const;
  const delivery = await executor.send(runId, command, { waitMs: PATIENCE });
  if (delivery === 'stored' && actions.length > 0) return true;
  const running = (await executor.report(runId)).status === 'running';
  if (json !== undefined) await json(`${JSON.stringify({ runId, command, delivery }, null, 2)}\n`);
  else
    await print(
      `${oneLine(`resume ${branchId} and what follows from it, in run '${runId}'`)}: ${deliveryText(delivery, { runId, storage, running })}\n`,
    );
  return false;
};

const resume = async (runId: string, options: ResumeCommandOptions): Promise<ExitCode> => {
  const json = options.json === true ? reserveStdout() : undefined;
  const verbose = options.verbose === true;
  const { storage, svg, branch, actions = [] } = options;
  const registry = await loadActions(actions);
  await using executor = await openExisting(storage, { registry, logger: logLines(verbose) });
  if (
    branch !== undefined &&
    !(await resumeBranch(executor, runId, branch, { storage, actions, json }))
  )
    return ExitCode.SUCCESS;
  const start = (): Promise<RunHandle> => executor.startResume(runId);
  return await watchSession(executor, start, { storage, actions, json, svg, verbose });
};

const help = `
Example:
  dagger resume nightly-2025-01-31 --actions ./actions.ts --storage runs.db

The definition and the inputs that the run began with are used. What succeeded is not done again; after a pause, a
failure or a cancellation, the nodes that failed or were cancelled get another chance. A run that succeeded just gives
its report. After a pause for a person, it goes on with the answers that were given meanwhile.
With --branch, a run that another process works on goes on there; without --actions, the command is only stored.
${exitCodes}`;

export const define = (command: Command, finish: (code: ExitCode) => void): void => {
  command
    .argument('<run-id>', 'the id of the run: see `dagger runs list`')
    .addOption(actionsOption())
    .addOption(storageOption())
    .addOption(jsonOption('the report'))
    .option('--branch <node>', 'first resume the branch that was paused at this node')
    .option('--svg <file>', 'draw the run into a file')
    .addHelpText('after', help)
    .action(async (runId: string) =>
      finish(await resume(runId, command.optsWithGlobals<ResumeCommandOptions>())),
    );
};
