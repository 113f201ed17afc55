import type { Command } from 'commander';
import type { ExitCode } from '../exit-code.ts';
import { jsonOption, storageOption } from '../options.ts';
import { tellRun, type TellOptions } from './tell-run.ts';

interface CancelOptions extends TellOptions {
  readonly reason?: string;
}

const cancel = (
  runId: string,
  branchId: string | undefined,
  { reason, ...rest }: CancelOptions,
): Promise<ExitCode> => {
  const why = reason === undefined ? {} : { reason };
  return branchId === undefined
    ? tellRun(runId, { type: 'CancelRun', ...why }, `cancel run '${runId}'`, rest)
    : tellRun(
        runId,
        { type: 'CancelBranch', branchId, ...why },
        `cancel ${branchId} and what follows from it, in run '${runId}'`,
        rest,
      );
};

const help = `
Example:
  dagger cancel nightly-2025-01-31 --storage runs.db
  dagger cancel nightly-2025-01-31 deploy --storage runs.db --reason 'no longer needed'

Running actions of the run get their signal and the grace time; its process ends with exit code 130. A run that nobody
works on is cancelled at once. With a node only its branch is cancelled: the node and everything downstream of it.
`;

export const define = (command: Command, finish: (code: ExitCode) => void): void => {
  command
    .argument('<run-id>', 'the id of the run: see `dagger runs list`')
    .argument('[node]', 'where the branch begins')
    .option('--reason <text>', 'why')
    .addOption(storageOption())
    .addOption(jsonOption('what became of it'))
    .addHelpText('after', help)
    .action(async (runId: string, node: string | undefined, options: CancelOptions) =>
      finish(await cancel(runId, node, options)),
    );
};
