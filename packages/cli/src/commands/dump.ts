import type { Command } from 'commander';
import { ExitCode } from '../exit-code.ts';
import { storageOption } from '../options.ts';
import { print } from '../output.ts';
import { mustBeWritable, saveFile } from '../save-file.ts';
import { openExisting } from '../storage.ts';

interface DumpOptions {
  readonly storage?: string;
  readonly out?: string;
}

const dump = async (runId: string, { storage, out }: DumpOptions): Promise<void> => {
  if (out !== undefined) await mustBeWritable(out);
  await using executor = await openExisting(storage);
  const text = `${JSON.stringify(await executor.dump(runId), null, 2)}\n`;
  await (out === undefined ? print(text) : saveFile(out, text));
};

const help = `
Example:
  dagger dump nightly-2025-01-31 --storage runs.db --out nightly.json

One JSON document: the row of the run, its graph as it began, every event in its order, and the commands that are not taken
up yet. It holds inputs and outputs as they are, secrets included. For what became of a run, see \`dagger runs show\`.
`;

export const define = (command: Command, finish: (code: ExitCode) => void): void => {
  command
    .argument('<run-id>', 'the id of the run: see `dagger runs list`')
    .addOption(storageOption())
    .option('-o, --out <file>', 'write to a file (default: stdout)')
    .addHelpText('after', help)
    .action(async (runId: string, options: DumpOptions) => {
      await dump(runId, options);
      finish(ExitCode.SUCCESS);
    });
};
