import { join } from 'node:path';
import {
  ActionRegistry,
  DagExecutor,
  type AnyAction,
  type ExecutorOptions,
  type JsonObject,
  type RunReport,
} from '@dagger/core';
import { weatherActions } from '../src/weather/actions.ts';

const PIPELINE = join(import.meta.dirname, '..', 'pipelines', 'data-processing.yaml');

/** An executor that knows the pipeline. */
export const openPipeline = async (
  options: Omit<ExecutorOptions, 'registry'> = {},
  actions: readonly AnyAction[] = weatherActions,
): Promise<DagExecutor> => {
  const executor = await DagExecutor.open({ ...options, registry: new ActionRegistry(actions) });
  await executor.loadYamlFile(PIPELINE);
  return executor;
};

export const runPipeline = async (inputs: JsonObject): Promise<RunReport> => {
  await using executor = await openPipeline();
  return await executor.run('data_processing', { inputs });
};
