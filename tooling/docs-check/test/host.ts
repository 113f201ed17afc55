import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

/** A folder with a `program.ts`, and which time it is that it runs. */
export interface Asked {
  readonly folder: string;
  readonly time: number;
}

export interface Answered {
  readonly stdout: string;
  /** What the program threw, with its stack. */
  readonly error?: string;
}

/** Whether anything would keep the process alive but its pipes to the one who asks. */
const isAlive = (): boolean => process.getActiveResourcesInfo().some((name) => name !== 'PipeWrap');

/** Runs a program until nothing of it is left that would keep a process of its own. */
const run = async ({ folder, time }: Asked): Promise<Answered> => {
  let stdout = '';
  process.stdout.write = (chunk: string | Uint8Array): boolean => {
    stdout += String(chunk);
    return true;
  };
  process.chdir(folder);
  try {
    await import(`${pathToFileURL(join(folder, 'program.ts')).href}?${time}`);
    while (isAlive()) await pause(1);
    return { stdout };
  } catch (error) {
    return {
      stdout,
      error: error instanceof Error ? (error.stack ?? String(error)) : String(error),
    };
  }
};

process.on('message', (asked: Asked) => {
  void run(asked).then((answered) => process.send?.(answered));
});
