import { writeFile } from 'node:fs/promises';
import { InvalidCommandLine } from './invalid-command-line.ts';
import { reasonOf } from './reason.ts';

export const saveFile = async (path: string, text: string): Promise<void> => {
  try {
    await writeFile(path, text);
  } catch (cause) {
    throw new InvalidCommandLine(`cannot write '${path}': ${reasonOf(cause)}`, { cause });
  }
};
