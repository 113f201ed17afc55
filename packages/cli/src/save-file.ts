import { access, constants, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { InvalidCommandLine } from './invalid-command-line.ts';
import { reasonOf } from './reason.ts';

export const saveFile = async (path: string, text: string): Promise<void> => {
  try {
    await writeFile(path, text);
  } catch (cause) {
    throw new InvalidCommandLine(`cannot write '${path}': ${reasonOf(cause)}`, { cause });
  }
};

/** @throws InvalidCommandLine when a file cannot be written there, so that nobody learns it after the work is done */
export const mustBeWritable = async (path: string): Promise<void> => {
  try {
    await access(dirname(resolve(path)), constants.W_OK);
  } catch (cause) {
    throw new InvalidCommandLine(`cannot write '${path}': ${reasonOf(cause)}`, { cause });
  }
};
