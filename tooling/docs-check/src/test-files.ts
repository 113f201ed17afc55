import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDERS: readonly string[] = ['packages', 'apps', 'tooling'];
const LEFT_OUT: ReadonlySet<string> = new Set(['node_modules', 'dist']);
/** The contract suites are run by other files. */
const IS_TEST = /\.test\.ts$|\/(?:storage|task)-contract\/[\w-]+\.ts$/;

/** The files of the repository that have tests in them, by their paths from its root. */
export const testFiles = (root: string): ReadonlyMap<string, string> => {
  const found = new Map<string, string>();
  const walk = (folder: string): void => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory() && !LEFT_OUT.has(entry.name)) walk(path);
      else if (entry.isFile() && IS_TEST.test(path))
        found.set(path, readFileSync(join(root, path), 'utf8'));
    }
  };
  for (const folder of FOLDERS) walk(folder);
  return found;
};
