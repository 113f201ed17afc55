import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { GraphInvalidError, printable, type Diagnostic } from '../diagnostic.ts';
import { grouped } from '../describe.ts';
import type { CheckedGraph } from '../graph.ts';
import { loadYaml, type LoadYamlOptions } from './load.ts';
import { MAX_BYTES } from './text.ts';

export type ReadYamlOptions = Omit<LoadYamlOptions, 'file'>;

export interface ReadDirectoryOptions extends ReadYamlOptions {
  /** Read the folders below too; links to folders are not followed. Default: false. */
  readonly recursive?: boolean | undefined;
}

export interface LoadedFile {
  readonly file: string;
  readonly checked: CheckedGraph;
}

const unreadable = (file: string, reason: string): Diagnostic => ({
  severity: 'error',
  code: 'unreadable',
  message: reason,
  path: [],
  file,
});

const reasonOf = (thrown: unknown): string => {
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
  if (code === 'ENOENT') return 'there is no such file or directory';
  if (code === 'EACCES' || code === 'EPERM') return 'permission was denied';
  return printable(thrown instanceof Error ? thrown.message : String(thrown), 200);
};

/** Reads one file. A file that cannot be read is a diagnostic, like everything else that is wrong with it. */
export const readYamlFile = async (
  file: string,
  options: ReadYamlOptions = {},
): Promise<CheckedGraph> => {
  const refuse = (reason: string): CheckedGraph => ({
    graph: undefined,
    diagnostics: [unreadable(file, reason)],
  });
  const most = options.maxBytes ?? MAX_BYTES;
  try {
    const { size, isFile } = await stat(file).then((s) => ({ size: s.size, isFile: s.isFile() }));
    if (!isFile) return refuse('it is not a file');
    if (size > most)
      return refuse(`the file has ${grouped(size)} bytes, more than ${grouped(most)}`);
    return loadYaml(await readFile(file), { ...options, file });
  } catch (thrown) {
    return refuse(reasonOf(thrown));
  }
};

const listYaml = async (directory: string, recursive: boolean): Promise<string[]> => {
  const found: string[] = [];
  const directories = [directory];
  for (const current of directories) {
    for (const entry of await readdir(current, { withFileTypes: true })) {
      const path = join(current, entry.name);
      if (entry.isDirectory()) {
        if (recursive) directories.push(path);
      } else if (/\.ya?ml$/i.test(entry.name)) found.push(path);
    }
  }
  return found.sort();
};

/**
 * Reads every `.yaml` and `.yml` file of a directory, in the order of their paths. A bad file is reported with its
 * name and does not stop the others.
 * @throws GraphInvalidError when the directory itself cannot be read.
 */
export const readYamlDirectory = async (
  directory: string,
  options: ReadDirectoryOptions = {},
): Promise<LoadedFile[]> => {
  const { recursive, ...rest } = options;
  let files: string[];
  try {
    files = await listYaml(directory, recursive === true);
  } catch (thrown) {
    throw new GraphInvalidError([
      unreadable(directory, `the directory cannot be read: ${reasonOf(thrown)}`),
    ]);
  }
  const loaded: LoadedFile[] = [];
  for (const file of files) loaded.push({ file, checked: await readYamlFile(file, rest) });
  return loaded;
};
