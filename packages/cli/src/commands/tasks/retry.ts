import type { Command } from 'commander';
import { ExitCode } from '../../exit-code.ts';
import { parseJson } from '../../inputs.ts';
import { jsonOption, storageOption } from '../../options.ts';
import { findTask } from '../../tasks/find.ts';
import { openTasks } from '../../tasks/open-tasks.ts';
import { tellTask, type TellOptions } from '../../tasks/tell.ts';

interface RetryOptions extends TellOptions {
  readonly input?: string;
}

const retry = async (taskId: string, options: RetryOptions): Promise<void> => {
  const input = options.input === undefined ? undefined : parseJson(options.input, '--input');
  await using open = await openTasks(options.storage);
  await findTask(open.manager, taskId);
  const ids = await open.manager.retryTask(taskId, input === undefined ? {} : { input });
  await tellTask(open, taskId, options, { what: 'to be done again:', ids });
};

const help = `
Example:
  dagger tasks retry weekly/objective/gather --storage tasks.db
  dagger tasks retry weekly/send --input '{"to": "ann@example.org"}' --storage tasks.db

For tasks that failed, were rejected, cancelled or skipped, or are blocked; what ended because of them is done again too,
and a job that is over goes on. All attempts begin anew. A worker takes them up: see \`dagger worker --help\`.
`;

export const addRetry = (tasks: Command, finish: (code: ExitCode) => void): void => {
  tasks
    .command('retry')
    .description('have a task done again')
    .argument('<task-id>', 'the id of the task: see `dagger tasks tree`')
    .option('--input <json>', 'a new input (default: the one that it had)')
    .addOption(storageOption())
    .addOption(jsonOption('how it stands, and which tasks are done again,'))
    .addHelpText('after', help)
    .action(async (taskId: string, options: RetryOptions) => {
      await retry(taskId, options);
      finish(ExitCode.SUCCESS);
    });
};
