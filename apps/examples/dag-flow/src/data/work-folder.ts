import { join } from 'node:path';

/** Where the command was given; pnpm runs a script in the folder of its package. */
export const callerFolder = (): string => process.env['INIT_CWD'] ?? process.cwd();

/** Where the example leaves its files: in `.dagger/`, which git ignores. */
export const workFolder = (): string => join(callerFolder(), '.dagger', 'dag-flow');

/** What the application passes to every action of the workflows. */
export interface AppData {
  readonly folder: string;
}

/** The folder for results: the application's, or the usual one when the CLI runs the workflow. */
export const resultFolder = (appData: unknown): string =>
  (appData as AppData | undefined)?.folder ?? workFolder();
