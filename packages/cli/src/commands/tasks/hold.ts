import type { Command } from 'commander';
import { ExitCode } from '../../exit-code.ts';
import { jsonOption, storageOption } from '../../options.ts';
import { findEither } from '../../tasks/find.ts';
import { openTasks } from '../../tasks/open-tasks.ts';
import { tellJob, tellTask, type TellOptions } from '../../tasks/tell.ts';

interface PauseOptions extends TellOptions {
  readonly reason?: string;
}

const pause = async (id: string, options: PauseOptions): Promise<void> => {
  await using open = await openTasks(options.storage);
  const found = await findEither(open.manager, id);
  if ('task' in found) {
    await open.manager.pauseTask(id, options.reason);
    await tellTask(open, id, options);
  } else {
    await open.manager.pauseJob(id, options.reason);
    await tellJob(open, id, options);
  }
};

const resume = async (id: string, options: TellOptions): Promise<void> => {
  await using open = await openTasks(options.storage);
  const found = await findEither(open.manager, id);
  if ('task' in found) {
    await open.manager.resumeTask(id);
    await tellTask(open, id, options);
  } else {
    await open.manager.resumeJob(id);
    await tellJob(open, id, options);
  }
};

const pauseHelp = `
Example:
  dagger tasks pause weekly --storage tasks.db
  dagger tasks pause weekly/send --reason 'the server is full' --storage tasks.db

What runs goes on to its end, and nothing new begins: in the job, or the one task. A task in progress cannot be paused.
`;

const resumeHelp = `
Example:
  dagger tasks resume weekly --storage tasks.db
  dagger tasks resume weekly/send --storage tasks.db
`;

export const addTasksPause = (tasks: Command, finish: (code: ExitCode) => void): void => {
  tasks
    .command('pause')
    .description('hold a task or a job')
    .argument('<id>', 'the id of a task or of a job')
    .option('--reason <text>', 'why')
    .addOption(storageOption())
    .addOption(jsonOption('how it stands'))
    .addHelpText('after', pauseHelp)
    .action(async (id: string, options: PauseOptions) => {
      await pause(id, options);
      finish(ExitCode.SUCCESS);
    });
};

export const addTasksResume = (tasks: Command, finish: (code: ExitCode) => void): void => {
  tasks
    .command('resume')
    .description('let a task or a job go on that is paused')
    .argument('<id>', 'the id of a task or of a job')
    .addOption(storageOption())
    .addOption(jsonOption('how it stands'))
    .addHelpText('after', resumeHelp)
    .action(async (id: string, options: TellOptions) => {
      await resume(id, options);
      finish(ExitCode.SUCCESS);
    });
};
