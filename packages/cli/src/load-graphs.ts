import { statSync } from 'node:fs';
import {
  formatDiagnostic,
  GraphInvalidError,
  readYamlFile,
  type ActionRegistry,
  type DagExecutor,
  type Diagnostic,
  type Graph,
} from '@dagger/core';
import { severalLines } from './escape.ts';
import { InvalidCommandLine } from './invalid-command-line.ts';

export const isDirectory = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

export const printDiagnostics = (diagnostics: readonly Diagnostic[]): void => {
  for (const diagnostic of diagnostics) console.error(severalLines(formatDiagnostic(diagnostic)));
};

/**
 * Reads one file; with a registry, actions that it does not have are problems too.
 * @throws GraphInvalidError with every problem
 */
export const readGraph = async (file: string, registry?: ActionRegistry): Promise<Graph> => {
  const { graph, diagnostics } = await readYamlFile(file, registry && { registry });
  if (graph === undefined) {
    if (registry?.list().length === 0 && diagnostics.some(({ code }) => code === 'action-unknown'))
      console.error('no actions are known: name their module with --actions');
    throw new GraphInvalidError(diagnostics);
  }
  printDiagnostics(diagnostics);
  return graph;
};

const onlyOne = (graphs: readonly Graph[], path: string): Graph => {
  if (graphs.length === 1) return graphs[0] as Graph;
  throw new InvalidCommandLine(
    graphs.length === 0
      ? `there is no usable .yaml or .yml file in '${path}'`
      : `'${path}' has ${graphs.length} graphs; choose one with --dag: ${graphs.map(({ name }) => name).join(', ')}`,
  );
};

/** Makes the graphs of a file or a directory known and gives the one that is wanted. */
export const loadGraph = async (
  executor: DagExecutor,
  path: string,
  dag: string | undefined,
): Promise<Graph> => {
  if (!isDirectory(path)) {
    const graph = executor.add(await readGraph(path, executor.registry));
    return dag === undefined ? graph : executor.getDag(dag);
  }
  const { loaded, problems } = await executor.loadYamlDir(path);
  // A bad file does not stop the others, but nobody should have to wonder where its graph is.
  printDiagnostics(problems);
  return dag === undefined ? onlyOne(loaded, path) : executor.getDag(dag);
};
