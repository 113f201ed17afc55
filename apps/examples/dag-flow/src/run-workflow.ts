import { join } from 'node:path';
import { DagExecutor, type ActionRegistry, type RunReport, type Storage } from '@dagger/core';
import type { AppData } from './data/work-folder.ts';
import { drawRun } from './picture/draw-run.ts';
import type { Progress } from './terminal/progress.ts';
import { workflowFile, type Workflow } from './workflow.ts';

export interface RunWorkflowOptions {
  readonly registry: ActionRegistry;
  /** Where the results and the picture go. */
  readonly folder: string;
  readonly storage?: Storage;
  readonly progress?: Progress;
}

/** Runs one workflow in an executor of its own, as two of them share a name. */
export const runWorkflow = async (
  { file, inputs, hooks = [] }: Workflow,
  { registry, folder, storage, progress }: RunWorkflowOptions,
): Promise<RunReport> => {
  await using executor = await DagExecutor.open({
    registry,
    appData: { folder } satisfies AppData,
    ...(storage === undefined ? {} : { storage }),
    ...(progress === undefined ? {} : { logger: progress.logger }),
  });
  const graph = await executor.loadYamlFile(workflowFile(file));
  const run = await executor.start(graph, { inputs, hooks });
  if (progress !== undefined) run.events.subscribe(progress.onEvent);
  const report = await run.done;
  await drawRun(executor, report, join(folder, file.replace(/yaml$/, 'svg')));
  return report;
};
