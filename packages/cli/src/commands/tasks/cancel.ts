import type { Command } from 'commander';
import { ExitCode } from '../../exit-code.ts';
import { jsonOption, storageOption } from '../../options.ts';
import { findEither } from '../../tasks/find.ts';
import { openTasks } from '../../tasks/open-tasks.ts';
import { tellJob, tellTask, type TellOptions } from '../../tasks/tell.ts';

interface CancelOptions extends TellOptions {
  readonly reason?: string;
}

const cancel = async (id: string, options: CancelOptions): Promise<void> => {
  await using open = await openTasks(options.storage);
  const found = await findEither(open.manager, id);
  if ('task' in found) {
    const ids = await open.manager.cancelTask(id, options.reason);
    await tellTask(open, id, options, { what: 'cancelled', ids });
  } else {
    await open.manager.cancelJob(id, options.reason);
    await tellJob(open, id, options);
  }
};

const help = `
Example:
  dagger tasks cancel weekly --storage tasks.db
  dagger tasks cancel weekly/objective/gather --reason 'no longer needed' --storage tasks.db

With a task, everything below it is cancelled too, and what needs it ends as its dependencies say. Agents that run get
their signal. A job that is over stays as it is.
`;

export const addTasksCancel = (tasks: Command, finish: (code: ExitCode) => void): void => {
  tasks
    .command('cancel')
    .description('cancel a task with everything below it, or a job')
    .argument('<id>', 'the id of a task or of a job')
    .option('--reason <text>', 'why')
    .addOption(storageOption())
    .addOption(jsonOption('how it stands'))
    .addHelpText('after', help)
    .action(async (id: string, options: CancelOptions) => {
      await cancel(id, options);
      finish(ExitCode.SUCCESS);
    });
};
