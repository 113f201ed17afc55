import type { Command } from 'commander';
import type { ExitCode } from '../exit-code.ts';
import { jsonOption, storageOption } from '../options.ts';
import { tellRun, type TellOptions } from './tell-run.ts';

interface PauseOptions extends TellOptions {
  readonly reason?: string;
}

const pause = (
  runId: string,
  branchId: string | undefined,
  { reason, ...rest }: PauseOptions,
): Promise<ExitCode> => {
  const why = reason === undefined ? {} : { reason };
  return branchId === undefined
    ? tellRun(runId, { type: 'PauseRun', ...why }, `pause run '${runId}'`, rest)
    : tellRun(
        runId,
        { type: 'PauseBranch', branchId, ...why },
        `pause ${branchId} and what follows from it, in run '${runId}'`,
        rest,
      );
};

const help = `
Example:
  dagger pause nightly-2025-01-31 --storage runs.db
  dagger pause nightly-2025-01-31 deploy --storage runs.db --reason 'the cluster is full'

What runs goes on to its end, and nothing new starts: in the run, or in the branch of a node, which is the node and
everything downstream of it. \`dagger resume\` goes on with the run, \`dagger resume --branch\` with the branch.
`;

export const define = (command: Command, finish: (code: ExitCode) => void): void => {
  command
    .argument('<run-id>', 'the id of the run: see `dagger runs list`')
    .argument('[node]', 'where the branch begins')
    .option('--reason <text>', 'why')
    .addOption(storageOption())
    .addOption(jsonOption('what became of it'))
    .addHelpText('after', help)
    .action(async (runId: string, node: string | undefined, options: PauseOptions) =>
      finish(await pause(runId, node, options)),
    );
};
