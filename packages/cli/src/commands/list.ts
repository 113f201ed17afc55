import { ActionRegistry, DagExecutor, type Graph } from '@dagger/core';
import type { Command } from 'commander';
import { oneLine } from '../escape.ts';
import { ExitCode } from '../exit-code.ts';
import { isDirectory, printDiagnostics, readGraph } from '../load-graphs.ts';
import { jsonOption, repeatable } from '../options.ts';
import { print } from '../output.ts';
import { table } from '../report/table.ts';

interface ListOptions {
  readonly tag?: readonly string[];
  readonly json?: true;
}

/** The executor keeps the rules of filtering: a part of one tag, or all of several. */
const wanted = (executor: DagExecutor, tags: readonly string[]): readonly Graph[] => {
  const [first] = tags;
  const summaries =
    first === undefined
      ? executor.listDags()
      : tags.length === 1
        ? executor.listDagsByTag(first)
        : executor.listDagsByTags(tags);
  return summaries.map(({ name }) => executor.getDag(name));
};

const asJson = (graphs: readonly Graph[]): string =>
  JSON.stringify(
    graphs.map(({ name, description, tags, author, version, nodes }) => ({
      name,
      description,
      tags,
      author,
      version,
      nodes: nodes.length,
    })),
    null,
    2,
  );

const asTable = (graphs: readonly Graph[]): string =>
  table(
    ['NAME', 'NODES', 'TAGS', 'DESCRIPTION'],
    graphs.map(({ name, description, tags, nodes }) => [
      oneLine(name, 60),
      String(nodes.length),
      oneLine(tags.join(', '), 60),
      oneLine(description, 200),
    ]),
  );

const list = async (path: string, { tag = [], json }: ListOptions): Promise<ExitCode> => {
  await using executor = await DagExecutor.open({ registry: new ActionRegistry() });
  let failed = false;
  if (isDirectory(path)) {
    const { problems } = await executor.loadYamlDir(path);
    printDiagnostics(problems);
    failed = problems.length > 0;
  } else executor.add(await readGraph(path));
  const graphs = wanted(executor, tag);
  await print(`${json === true ? asJson(graphs) : asTable(graphs)}\n`);
  return failed ? ExitCode.USAGE : ExitCode.SUCCESS;
};

const help = `
Example:
  dagger list flows/ --tag nightly

One --tag may be a part of a tag; of several, a graph must have all.
A file that cannot be used is reported on stderr (exit code 2) and does not hide the others.
`;

export const define = (command: Command, finish: (code: ExitCode) => void): void => {
  command
    .argument('<path>', 'a directory of YAML files, or one file')
    .addOption(repeatable('-t, --tag <tag>', 'only graphs with this tag'))
    .addOption(jsonOption('the list'))
    .addHelpText('after', help)
    .action(async (path: string, options: ListOptions) => finish(await list(path, options)));
};
