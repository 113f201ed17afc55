import type { TaskFilter, TaskState, TaskType } from '@dagger/tasks';
import { Option, type Command } from 'commander';
import { ExitCode } from '../../exit-code.ts';
import { collectChoices, jsonOption, storageOption, wholeNumber } from '../../options.ts';
import { print } from '../../output.ts';
import { taskTable } from '../../report/task-table.ts';
import { findJob } from '../../tasks/find.ts';
import { openTasks } from '../../tasks/open-tasks.ts';

const STATES = [
  'pending',
  'ready',
  'in_progress',
  'blocked',
  'in_review',
  'paused',
  'completed',
  'accepted',
  'rejected',
  'failed',
  'cancelled',
  'skipped',
] as const satisfies readonly TaskState[];

const TYPES = ['objective', 'story', 'task', 'subtask'] as const satisfies readonly TaskType[];

interface ListOptions {
  readonly job?: string;
  readonly state?: readonly TaskState[];
  readonly agent?: string;
  readonly type?: TaskType;
  readonly limit: number;
  readonly storage?: string;
  readonly json?: true;
}

const filterOf = ({ job, state, agent, type, limit }: ListOptions): TaskFilter => ({
  ...(job === undefined ? { first: 'newest' } : { jobId: job }),
  ...(state === undefined ? {} : { state }),
  ...(agent === undefined ? {} : { agent }),
  ...(type === undefined ? {} : { type }),
  limit,
});

const list = async (options: ListOptions): Promise<void> => {
  await using open = await openTasks(options.storage);
  if (options.job !== undefined) await findJob(open.manager, options.job);
  const found = await open.manager.tasks(filterOf(options));
  await print(
    options.json === true
      ? `${JSON.stringify(found, null, 2)}\n`
      : `${taskTable(found, open.tasks)}\n`,
  );
};

const help = `
Example:
  dagger tasks list --job weekly --storage tasks.db
  dagger tasks list --state failed --state blocked --agent research --storage tasks.db

Those of a job come in the order in which they were added, those of all jobs with the most recent first. The jobs
themselves are listed by \`dagger tasks jobs\`.
`;

export const addTasksList = (tasks: Command, finish: (code: ExitCode) => void): void => {
  tasks
    .command('list')
    .description('list tasks, of one job or of all')
    .option('-j, --job <id>', 'only tasks of this job')
    .addOption(
      new Option('--state <state>', 'only tasks in this state (repeatable)').argParser(
        collectChoices(STATES),
      ),
    )
    .option('--agent <name>', 'only tasks of this agent')
    .addOption(new Option('--type <type>', 'only tasks of this type').choices(TYPES))
    .addOption(
      new Option('-n, --limit <number>', 'at most so many').argParser(wholeNumber).default(50),
    )
    .addOption(storageOption())
    .addOption(jsonOption('the list'))
    .addHelpText('after', help)
    .action(async (options: ListOptions) => {
      await list(options);
      finish(ExitCode.SUCCESS);
    });
};
