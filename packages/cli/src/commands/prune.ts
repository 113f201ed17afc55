import type { Pruned, RetentionPolicy, RunStatus } from '@dagger/core';
import { Option, type Command } from 'commander';
import { ExitCode } from '../exit-code.ts';
import { InvalidCommandLine } from '../invalid-command-line.ts';
import {
  atLeastZero,
  collectChoices,
  jsonOption,
  RUN_STATUSES,
  storageOption,
} from '../options.ts';
import { print } from '../output.ts';
import { openExisting } from '../storage.ts';

interface PruneOptions {
  readonly maxAgeDays?: number;
  readonly maxRuns?: number;
  readonly status?: readonly RunStatus[];
  readonly memoMaxAgeDays?: number;
  readonly storage?: string;
  readonly json?: true;
}

/** @throws InvalidCommandLine when nothing would be deleted, which is not what somebody means who calls this */
const policyOf = ({
  maxAgeDays,
  maxRuns,
  status,
  memoMaxAgeDays,
}: PruneOptions): RetentionPolicy => {
  if (maxAgeDays === undefined && maxRuns === undefined && memoMaxAgeDays === undefined)
    throw new InvalidCommandLine(
      'say what to delete: --max-age-days, --max-runs or --memo-max-age-days',
    );
  if (status !== undefined && maxAgeDays === undefined && maxRuns === undefined)
    throw new InvalidCommandLine('--status needs --max-age-days or --max-runs');
  return {
    ...(maxAgeDays === undefined ? {} : { maxAgeDays }),
    ...(maxRuns === undefined ? {} : { maxRuns }),
    ...(status === undefined ? {} : { statuses: status }),
    ...(memoMaxAgeDays === undefined ? {} : { memoMaxAgeDays }),
  };
};

const counted = (count: number, one: string, many: string = `${one}s`): string =>
  `${count} ${count === 1 ? one : many}`;

const asText = ({ runs, memos, blobs, definitions }: Pruned): string =>
  `deleted ${[
    counted(runs, 'run'),
    counted(memos, 'result for later runs', 'results for later runs'),
    counted(blobs, 'large value'),
    counted(definitions, 'graph'),
  ].join(', ')}`;

const prune = async (options: PruneOptions): Promise<void> => {
  const policy = policyOf(options);
  await using executor = await openExisting(options.storage);
  const pruned = await executor.prune(policy);
  await print(`${options.json === true ? JSON.stringify(pruned, null, 2) : asText(pruned)}\n`);
};

const help = `
Example:
  dagger prune --max-age-days 30 --memo-max-age-days 90 --storage runs.db
  dagger prune --max-runs 1000 --status succeeded --storage runs.db

Of --max-age-days and --max-runs, either suffices to delete a run, with all that belongs to it; large values and graphs
that nothing needs any more go too. Paused runs stay unless --status names them, and a run that somebody works on stays.
`;

export const define = (command: Command, finish: (code: ExitCode) => void): void => {
  command
    .addOption(
      new Option('--max-age-days <days>', 'delete runs that ended longer ago').argParser(
        atLeastZero,
      ),
    )
    .addOption(
      new Option('--max-runs <number>', 'keep so many runs, the most recent ones').argParser(
        atLeastZero,
      ),
    )
    .addOption(
      new Option(
        '--status <status>',
        'only runs with this status (repeatable; default: all that ended)',
      ).argParser(collectChoices(RUN_STATUSES)),
    )
    .addOption(
      new Option(
        '--memo-max-age-days <days>',
        'delete results for later runs that are older',
      ).argParser(atLeastZero),
    )
    .addOption(storageOption())
    .addOption(jsonOption('how much was deleted'))
    .addHelpText('after', help)
    .action(async (options: PruneOptions) => {
      await prune(options);
      finish(ExitCode.SUCCESS);
    });
};
