import type { ForkOptions, RunHandle } from '@dagger/core';
import { loadActions } from '../actions-module.ts';
import type { ExitCode } from '../exit-code.ts';
import { logLines } from '../log-lines.ts';
import { reserveStdout } from '../output.ts';
import { mustBeWritable } from '../save-file.ts';
import { watchSession } from '../session.ts';
import { openExisting } from '../storage.ts';

export interface StartForkOptions {
  readonly actions?: readonly string[];
  readonly storage?: string;
  readonly runId?: string;
  readonly json?: true;
  readonly svg?: string;
  readonly verbose?: true;
}

/** Makes a run out of another and watches it to the end of its session. */
export const startFork = async (
  parent: string,
  fork: ForkOptions,
  options: StartForkOptions,
): Promise<ExitCode> => {
  const json = options.json === true ? reserveStdout() : undefined;
  const verbose = options.verbose === true;
  const { storage, svg, runId, actions = [] } = options;
  if (svg !== undefined) await mustBeWritable(svg);
  const registry = await loadActions(actions);
  await using executor = await openExisting(storage, { registry, logger: logLines(verbose) });
  const start = (): Promise<RunHandle> =>
    executor.startFork(parent, { ...fork, ...(runId === undefined ? {} : { runId }) });
  return await watchSession(executor, start, { storage, actions, json, svg, verbose });
};
