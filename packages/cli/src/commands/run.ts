import {
  defineGraph,
  type DagConfigInput,
  type Graph,
  type OnFailure,
  type RunHandle,
} from '@dagger/core';
import { Option, type Command } from 'commander';
import { loadActions } from '../actions-module.ts';
import type { ExitCode } from '../exit-code.ts';
import { defaults } from '../help-defaults.ts';
import { actionsHelp, exitCodes } from '../help.ts';
import { readInputs } from '../inputs.ts';
import { loadGraph } from '../load-graphs.ts';
import { logLines } from '../log-lines.ts';
import {
  actionsOption,
  jsonOption,
  repeatable,
  seconds,
  storageOption,
  wholeNumber,
} from '../options.ts';
import { reserveStdout } from '../output.ts';
import { watchSession } from '../session.ts';
import { mustBeWritable } from '../save-file.ts';
import { openExecutor } from '../storage.ts';

interface RunCommandOptions {
  readonly dag?: string;
  readonly actions?: readonly string[];
  readonly input?: readonly string[];
  readonly inputs?: string;
  readonly storage?: string;
  readonly runId?: string;
  readonly json?: true;
  readonly sequential?: true;
  readonly maxParallel?: number;
  readonly onFailure?: OnFailure;
  readonly timeout?: number;
  readonly svg?: string;
  readonly verbose?: true;
}

/** The graph with the settings of the command line, which go over its own. */
const withSettings = (graph: Graph, options: RunCommandOptions): Graph => {
  const settings: DagConfigInput = {
    ...(options.onFailure === undefined ? {} : { onFailure: options.onFailure }),
    ...(options.timeout === undefined ? {} : { timeoutSeconds: options.timeout }),
    ...(options.maxParallel === undefined ? {} : { maxParallelNodes: options.maxParallel }),
    ...(options.sequential === undefined ? {} : { enableParallelExecution: false }),
  };
  return Object.keys(settings).length === 0
    ? graph
    : defineGraph({ ...graph.toJSON(), config: { ...graph.config, ...settings } });
};

const run = async (path: string, options: RunCommandOptions): Promise<ExitCode> => {
  const json = options.json === true ? reserveStdout() : undefined;
  const verbose = options.verbose === true;
  const { storage, svg, actions = [] } = options;
  if (svg !== undefined) await mustBeWritable(svg);
  const registry = await loadActions(actions);
  const inputs = await readInputs(options.input ?? [], options.inputs);
  await using executor = await openExecutor(storage, { registry, logger: logLines(verbose) });
  const graph = withSettings(await loadGraph(executor, path, options.dag), options);
  const runId = options.runId === undefined ? {} : { runId: options.runId };
  const start = (): Promise<RunHandle> => executor.start(graph, { inputs, ...runId });
  return await watchSession(executor, start, { storage, actions, json, svg, verbose });
};

const help = `
Example:
  dagger run flow.yaml --actions ./actions.ts --input city=Paris --input days=3
  dagger run flow.yaml --actions ./actions.ts --storage runs.db --run-id nightly-2025-01-31 --json

A value of --input that is JSON counts as JSON (3, true, '{"a":1}', '"3"'), everything else as text.
With --storage a run survives a crash, and an id that is used again goes on with its run or gives its report.
Progress goes to stderr. Ctrl-C cancels and lets running actions end; pressed again, it does not wait for them.
${actionsHelp}${defaults}${exitCodes}`;

export const define = (command: Command, finish: (code: ExitCode) => void): void => {
  command
    .argument('<path>', 'a YAML file, or a directory of them')
    .option('-d, --dag <name>', 'the graph to run, when there are several')
    .addOption(actionsOption())
    .addOption(repeatable('-i, --input <name=value>', 'an input of the run'))
    .option('--inputs <file>', 'a JSON file with the inputs of the run')
    .addOption(storageOption())
    .option('--run-id <id>', 'the id of the run (default: a new one)')
    .addOption(jsonOption('the report'))
    .option('--sequential', 'one node at a time')
    .option('--max-parallel <number>', 'nodes at the same time', wholeNumber)
    .addOption(
      new Option('--on-failure <policy>', 'what a failed node means').choices([
        'continue',
        'pause',
        'stop',
      ]),
    )
    .option('--timeout <seconds>', 'for the whole run', seconds)
    .option('--svg <file>', 'draw the run into a file')
    .addHelpText('after', help)
    .action(async (path: string) =>
      finish(await run(path, command.optsWithGlobals<RunCommandOptions>())),
    );
};
