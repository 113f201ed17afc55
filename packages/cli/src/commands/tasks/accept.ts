import type { Command } from 'commander';
import { ExitCode } from '../../exit-code.ts';
import { jsonOption, storageOption } from '../../options.ts';
import { findTask } from '../../tasks/find.ts';
import { openTasks } from '../../tasks/open-tasks.ts';
import { tellTask, type TellOptions } from '../../tasks/tell.ts';
import { whoAmI } from '../../who-am-i.ts';

interface AcceptOptions extends TellOptions {
  readonly by?: string;
}

const accept = async (taskId: string, options: AcceptOptions): Promise<void> => {
  await using open = await openTasks(options.storage);
  await findTask(open.manager, taskId);
  await open.manager.accept(taskId, options.by ?? whoAmI());
  await tellTask(open, taskId, options);
};

const help = `
Example:
  dagger tasks accept weekly/letter --storage tasks.db

For tasks in review: see \`dagger tasks list --state in_review\`. What needs the task goes on with its output.
`;

export const addAccept = (tasks: Command, finish: (code: ExitCode) => void): void => {
  tasks
    .command('accept')
    .description('accept the output of a task in review')
    .argument('<task-id>', 'the id of the task: see `dagger tasks tree`')
    .option('--by <name>', 'who decided (default: the user of the system)')
    .addOption(storageOption())
    .addOption(jsonOption('how it stands'))
    .addHelpText('after', help)
    .action(async (taskId: string, options: AcceptOptions) => {
      await accept(taskId, options);
      finish(ExitCode.SUCCESS);
    });
};
