import type { RunFilter, StoredRun } from '@dagger/core';
import { Option, type Command } from 'commander';
import { oneLine } from '../escape.ts';
import { ExitCode } from '../exit-code.ts';
import { jsonOption, RUN_STATUSES, storageOption, wholeNumber } from '../options.ts';
import { print } from '../output.ts';
import { duration } from '../report/duration.ts';
import { statusText } from '../report/status.ts';
import { table } from '../report/table.ts';
import { shortTime } from '../report/time.ts';
import { openExisting } from '../storage.ts';

interface RunsListOptions extends RunFilter {
  readonly storage?: string;
  readonly json?: true;
}

/** A run that nobody works on any more was interrupted; only its owner could have said so. */
const status = (run: StoredRun): string => {
  if (run.status === 'running' && !run.owned) return 'interrupted';
  const waiting = run.counts?.waiting ?? 0;
  return run.status === 'paused' && waiting > 0
    ? `${statusText(run.status)} (${waiting} waiting)`
    : statusText(run.status);
};

const nodes = ({ counts }: StoredRun): string => {
  if (counts === null) return '';
  const total = Object.entries(counts).reduce(
    (sum, [name, count]) => (name === 'total' ? sum : sum + count),
    0,
  );
  return `${counts.succeeded ?? 0}/${total}`;
};

/** The column of parents is there where a run has one. */
const parent = (run: StoredRun, forks: boolean): readonly string[] =>
  forks ? [run.parent === null ? '' : oneLine(run.parent.runId, 80)] : [];

const row = (run: StoredRun, forks: boolean): readonly string[] => [
  oneLine(run.runId, 80),
  oneLine(run.dag, 40),
  status(run),
  shortTime(run.createdAt),
  run.finishedAt === null
    ? ''
    : duration(Math.max(0, Date.parse(run.finishedAt) - Date.parse(run.createdAt))),
  nodes(run),
  ...parent(run, forks),
  run.error === null ? '' : oneLine(run.error.message, 80),
];

const asTable = (runs: readonly StoredRun[]): string => {
  const forks = runs.some((run) => run.parent !== null);
  return table(
    ['RUN', 'GRAPH', 'STATUS', 'CREATED', 'TIME', 'NODES', ...(forks ? ['FORK OF'] : []), 'ERROR'],
    runs.map((run) => row(run, forks)),
  );
};

const list = async ({ storage, json, dag, status, limit }: RunsListOptions): Promise<void> => {
  await using executor = await openExisting(storage);
  const runs = await executor.listRuns({
    ...(dag === undefined ? {} : { dag }),
    ...(status === undefined ? {} : { status }),
    ...(limit === undefined ? {} : { limit }),
  });
  await print(json === true ? `${JSON.stringify(runs, null, 2)}\n` : `${asTable(runs)}\n`);
};

const help = `
Example:
  dagger runs list --storage runs.db --dag nightly --status paused --limit 10

\`interrupted\` means that the process of the run is gone: \`dagger resume\` goes on with it.
\`paused (2 waiting)\` means that two nodes wait for people: \`dagger runs show\` tells for what.
\`FORK OF\` names the run that a run was made out of, by \`dagger rerun\` or \`dagger fork\`.
`;

export const addRunsList = (runs: Command, finish: (code: ExitCode) => void): void => {
  runs
    .command('list')
    .description('list runs, the most recent first')
    .addOption(storageOption())
    .option('-d, --dag <name>', 'only runs of this graph')
    .addOption(new Option('--status <status>', 'only runs with this status').choices(RUN_STATUSES))
    .addOption(
      new Option('-n, --limit <number>', 'at most so many').argParser(wholeNumber).default(50),
    )
    .addOption(jsonOption('the list'))
    .addHelpText('after', help)
    .action(async (options: RunsListOptions) => {
      await list(options);
      finish(ExitCode.SUCCESS);
    });
};
