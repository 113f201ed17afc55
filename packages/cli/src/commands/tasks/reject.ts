import type { Command } from 'commander';
import { ExitCode } from '../../exit-code.ts';
import { jsonOption, storageOption } from '../../options.ts';
import { findTask } from '../../tasks/find.ts';
import { openTasks } from '../../tasks/open-tasks.ts';
import { tellTask, type TellOptions } from '../../tasks/tell.ts';
import { whoAmI } from '../../who-am-i.ts';

interface RejectOptions extends TellOptions {
  readonly reason: string;
  readonly final?: true;
  readonly by?: string;
}

const reject = async (taskId: string, options: RejectOptions): Promise<void> => {
  const { reason, final, by = whoAmI() } = options;
  await using open = await openTasks(options.storage);
  await findTask(open.manager, taskId);
  await open.manager.reject(taskId, reason, {
    ...(by === undefined ? {} : { by }),
    ...(final === undefined ? {} : { final }),
  });
  await tellTask(open, taskId, options);
};

const help = `
Example:
  dagger tasks reject weekly/letter --reason 'too long' --storage tasks.db

The task is done again, and its agent is told the reason; with --final, or when it was sent back often enough, it ends as
rejected, and what needs it ends as its dependencies say.
`;

export const addTasksReject = (tasks: Command, finish: (code: ExitCode) => void): void => {
  tasks
    .command('reject')
    .description('send a task in review back, or reject it for good')
    .argument('<task-id>', 'the id of the task: see `dagger tasks tree`')
    .requiredOption('--reason <text>', 'what is wrong')
    .option('--final', 'it is not to be done again')
    .option('--by <name>', 'who decided (default: the user of the system)')
    .addOption(storageOption())
    .addOption(jsonOption('how it stands'))
    .addHelpText('after', help)
    .action(async (taskId: string, options: RejectOptions) => {
      await reject(taskId, options);
      finish(ExitCode.SUCCESS);
    });
};
