import type { Why } from '@dagger/tasks';
import type { Command } from 'commander';
import { ExitCode } from '../../exit-code.ts';
import { jsonOption, storageOption } from '../../options.ts';
import { print } from '../../output.ts';
import { whyLines } from '../../report/why-lines.ts';
import { findTask } from '../../tasks/find.ts';
import { openTasks } from '../../tasks/open-tasks.ts';

interface WhyOptions {
  readonly storage?: string;
  readonly json?: true;
}

const why = async (taskId: string, { storage, json }: WhyOptions): Promise<void> => {
  await using open = await openTasks(storage);
  await findTask(open.manager, taskId);
  const told: Why = await open.manager.why(taskId);
  await print(
    json === true ? `${JSON.stringify(told, null, 2)}\n` : `${whyLines(told).join('\n')}\n`,
  );
};

const help = `
Example:
  dagger tasks why weekly/objective --storage tasks.db

Where it waits for others, those at the end of the lines follow, which hold everything up, with their reasons.
`;

export const addWhy = (tasks: Command, finish: (code: ExitCode) => void): void => {
  tasks
    .command('why')
    .description('say why a task does not move, or what became of it')
    .argument('<task-id>', 'the id of the task: see `dagger tasks tree`')
    .addOption(storageOption())
    .addOption(jsonOption('the reason'))
    .addHelpText('after', help)
    .action(async (taskId: string, options: WhyOptions) => {
      await why(taskId, options);
      finish(ExitCode.SUCCESS);
    });
};
