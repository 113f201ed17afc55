import {
  formatDiagnostic,
  readYamlDirectory,
  readYamlFile,
  type ActionRegistry,
  type Diagnostic,
  type Graph,
} from '@dagger/core';
import type { Command } from 'commander';
import { loadActions } from '../actions-module.ts';
import { oneLine } from '../escape.ts';
import { ExitCode } from '../exit-code.ts';
import { actionsHelp } from '../help.ts';
import { InvalidCommandLine } from '../invalid-command-line.ts';
import { isDirectory } from '../load-graphs.ts';
import { actionsOption, jsonOption } from '../options.ts';
import { print, reserveStdout } from '../output.ts';

interface ValidateOptions {
  readonly actions?: readonly string[];
  readonly recursive?: true;
  readonly json?: true;
}

interface CheckedFile {
  readonly file: string;
  readonly diagnostics: readonly Diagnostic[];
}

/** Graphs of one directory are loaded together, so each needs a name of its own. */
const nameTaken = (graph: Graph, file: string, by: string): Diagnostic => ({
  severity: 'error',
  code: 'id-duplicate',
  message: `the graph '${oneLine(graph.name, 80)}' is defined already, by ${by}`,
  path: ['name'],
  file,
});

const checkDirectory = async (
  path: string,
  registry: ActionRegistry | undefined,
  recursive: boolean,
): Promise<CheckedFile[]> => {
  const files = await readYamlDirectory(path, { registry, recursive });
  if (files.length === 0)
    throw new InvalidCommandLine(`there is no .yaml or .yml file in '${path}'`);
  const firstFiles = new Map<string, string>();
  return files.map(({ file, checked: { graph, diagnostics } }) => {
    const first = graph === undefined ? undefined : firstFiles.get(graph.name);
    if (graph === undefined) return { file, diagnostics };
    if (first !== undefined)
      return { file, diagnostics: [...diagnostics, nameTaken(graph, file, first)] };
    firstFiles.set(graph.name, file);
    return { file, diagnostics };
  });
};

const hasError = ({ diagnostics }: CheckedFile): boolean =>
  diagnostics.some(({ severity }) => severity === 'error');

const verdict = (files: readonly CheckedFile[]): string => {
  const bad = files.filter(hasError).length;
  const warnings = files
    .flatMap((f) => f.diagnostics)
    .filter((d) => d.severity === 'warning').length;
  return (
    `${files.length - bad} of ${files.length} ${files.length === 1 ? 'file' : 'files'} good` +
    (warnings === 0 ? '' : `, ${warnings} ${warnings === 1 ? 'warning' : 'warnings'}`)
  );
};

const validate = async (
  paths: readonly string[],
  { actions, recursive, json }: ValidateOptions,
): Promise<ExitCode> => {
  const out = json === true ? reserveStdout() : print;
  const registry = actions === undefined ? undefined : await loadActions(actions);
  const files: CheckedFile[] = [];
  for (const path of paths) {
    if (isDirectory(path))
      files.push(...(await checkDirectory(path, registry, recursive === true)));
    else
      files.push({ file: path, diagnostics: (await readYamlFile(path, { registry })).diagnostics });
  }
  const diagnostics = files.flatMap((file) => file.diagnostics);
  if (json === true) await out(`${JSON.stringify(diagnostics, null, 2)}\n`);
  else
    for (const diagnostic of diagnostics) await out(`${oneLine(formatDiagnostic(diagnostic))}\n`);
  console.error(verdict(files));
  return files.some(hasError) ? ExitCode.USAGE : ExitCode.SUCCESS;
};

const help = `
Example:
  dagger validate flows/ --actions ./actions.ts

Every problem is one line, \`file:line:column reason\`, on stdout; the count of good files goes to stderr.
With --actions, an action that no module has is a problem too.
${actionsHelp}
Exit codes:
  0    no errors; there may be warnings
  2    errors, or bad usage
`;

export const define = (command: Command, finish: (code: ExitCode) => void): void => {
  command
    .argument('<path...>', 'YAML files, or directories of them')
    .addOption(actionsOption())
    .option('-r, --recursive', 'look into the folders of directories too')
    .addOption(jsonOption('the problems'))
    .addHelpText('after', help)
    .action(async (paths: readonly string[], options: ValidateOptions) =>
      finish(await validate(paths, options)),
    );
};
