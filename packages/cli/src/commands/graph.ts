import { toDot, toMermaid, toTraceJson, type Graph, type RunReportData } from '@dagger/core';
import { Option, type Command } from 'commander';
import { ExitCode } from '../exit-code.ts';
import { InvalidCommandLine } from '../invalid-command-line.ts';
import { readGraph } from '../load-graphs.ts';
import { storageOption } from '../options.ts';
import { print } from '../output.ts';
import { saveFile } from '../save-file.ts';
import { openExisting } from '../storage.ts';
import { toSvg } from '../svg.ts';

const FORMATS = ['dot', 'mermaid', 'json', 'svg'] as const;
type Format = (typeof FORMATS)[number];

interface GraphOptions {
  readonly format: Format;
  readonly run?: string;
  readonly storage?: string;
  readonly out?: string;
}

interface Drawable {
  readonly graph: Graph;
  readonly report?: RunReportData;
}

const drawings: { readonly [F in Format]: (what: Drawable) => string | Promise<string> } = {
  dot: ({ graph, report }) => toDot(graph, report),
  mermaid: ({ graph, report }) => toMermaid(graph, report),
  json: ({ graph, report }) => `${JSON.stringify(toTraceJson(graph, report), null, 2)}\n`,
  svg: ({ graph, report }) => toSvg(toDot(graph, report)),
};

/** The graph of a run is its own: it may have grown, and the file may have changed since. */
const ofRun = async (
  runId: string,
  file: string | undefined,
  storage: string | undefined,
): Promise<Drawable> => {
  const expected = file === undefined ? undefined : (await readGraph(file)).name;
  await using executor = await openExisting(storage);
  const report = await executor.report(runId);
  if (expected !== undefined && expected !== report.dag)
    throw new InvalidCommandLine(
      `run '${runId}' is a run of '${report.dag}', not of '${expected}' (${file ?? ''})`,
    );
  return { graph: await executor.runGraph(runId), report: report.toJSON() };
};

const drawable = async (file: string | undefined, options: GraphOptions): Promise<Drawable> => {
  if (options.run !== undefined) return ofRun(options.run, file, options.storage);
  if (file === undefined)
    throw new InvalidCommandLine('say what to draw: a YAML file, or a run with --run');
  return { graph: await readGraph(file) };
};

const help = `
Example:
  dagger graph flow.yaml --format svg --out flow.svg
  dagger graph flow.yaml --format mermaid
  dagger graph --run nightly-2025-01-31 --storage runs.db --format svg --out run.svg

Of a run, the status, attempts, time, outputs and error of every node are drawn. No Graphviz needs to be installed.
`;

export const define = (command: Command, finish: (code: ExitCode) => void): void => {
  command
    .argument('[file]', 'a YAML file')
    .addOption(
      new Option('-f, --format <format>', 'the form of the picture')
        .choices(FORMATS)
        .default('dot'),
    )
    .option('--run <id>', 'the run to draw')
    .addOption(storageOption())
    .option('-o, --out <file>', 'write to a file (default: stdout)')
    .addHelpText('after', help)
    .action(async (file: string | undefined, options: GraphOptions) => {
      const drawn = await drawings[options.format](await drawable(file, options));
      await (options.out === undefined ? print(drawn) : saveFile(options.out, drawn));
      finish(ExitCode.SUCCESS);
    });
};
