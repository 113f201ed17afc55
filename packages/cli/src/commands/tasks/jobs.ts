import type { JobFilter } from '@dagger/tasks';
import { Option, type Command } from 'commander';
import { ExitCode } from '../../exit-code.ts';
import { jsonOption, storageOption, wholeNumber } from '../../options.ts';
import { print } from '../../output.ts';
import { jobTable } from '../../report/job-table.ts';
import { openTasks } from '../../tasks/open-tasks.ts';

const JOB_STATUSES = ['running', 'paused', 'succeeded', 'failed', 'cancelled'] as const;

interface JobsOptions extends JobFilter {
  readonly storage?: string;
  readonly json?: true;
}

const list = async ({ storage, json, status, limit }: JobsOptions): Promise<void> => {
  await using open = await openTasks(storage);
  const jobs = await open.manager.jobs({
    ...(status === undefined ? {} : { status }),
    ...(limit === undefined ? {} : { limit }),
  });
  await print(json === true ? `${JSON.stringify(jobs, null, 2)}\n` : `${jobTable(jobs)}\n`);
};

const help = `
Example:
  dagger tasks jobs --storage tasks.db --status running --limit 10

\`running (waiting)\` means that nothing in the job moves by itself: it waits for people, see \`dagger tasks tree\`.
`;

export const addJobs = (tasks: Command, finish: (code: ExitCode) => void): void => {
  tasks
    .command('jobs')
    .description('list jobs, the most recent first')
    .addOption(new Option('--status <status>', 'only jobs with this status').choices(JOB_STATUSES))
    .addOption(
      new Option('-n, --limit <number>', 'at most so many').argParser(wholeNumber).default(50),
    )
    .addOption(storageOption())
    .addOption(jsonOption('the list'))
    .addHelpText('after', help)
    .action(async (options: JobsOptions) => {
      await list(options);
      finish(ExitCode.SUCCESS);
    });
};
