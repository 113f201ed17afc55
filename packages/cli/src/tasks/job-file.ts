import { readFile } from 'node:fs/promises';
import type { JobSpec } from '@dagger/tasks';
import { InvalidCommandLine } from '../invalid-command-line.ts';
import { reasonOf } from '../reason.ts';

/** A job from a JSON or YAML file; the manager checks what is in it. @throws InvalidCommandLine */
export const readJobFile = async (path: string): Promise<JobSpec> => {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new InvalidCommandLine(`cannot read the job of '${path}': ${reasonOf(cause)}`, { cause });
  }
  // JSON is YAML, so one reader does for both.
  const { parse } = await import('yaml');
  try {
    return parse(text, { maxAliasCount: 100 }) as JobSpec;
  } catch (cause) {
    throw new InvalidCommandLine(`'${path}' is neither JSON nor YAML: ${reasonOf(cause)}`, {
      cause,
    });
  }
};
