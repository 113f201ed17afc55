import type { Command } from 'commander';
import { oneLine } from '../../escape.ts';
import { ExitCode } from '../../exit-code.ts';
import { jsonOption, storageOption } from '../../options.ts';
import { print } from '../../output.ts';
import { jobStandsText } from '../../report/job-table.ts';
import { taskTree, treeLines } from '../../report/task-tree.ts';
import { findJob } from '../../tasks/find.ts';
import { openTasks } from '../../tasks/open-tasks.ts';

interface TreeOptions {
  readonly storage?: string;
  readonly json?: true;
}

const tree = async (jobId: string, { storage, json }: TreeOptions): Promise<void> => {
  await using open = await openTasks(storage);
  await findJob(open.manager, jobId);
  for (const picture of await open.manager.pictures(jobId)) {
    const { job } = picture;
    const tasks = taskTree(picture);
    const text =
      json === true
        ? JSON.stringify({ job, tasks }, null, 2)
        : [
            `${oneLine(job.id, 200)} ${jobStandsText(job)}`,
            ...treeLines(tasks, open.tasks, 1),
          ].join('\n');
    await print(`${text}\n`);
  }
};

const help = `
Example:
  dagger tasks tree weekly --storage tasks.db

A line per task, below the task that it is a part of: its key, its state, its agent, and what it waits for.
The id of a task is the way to it, as in weekly/objective/gather.
`;

export const addTree = (tasks: Command, finish: (code: ExitCode) => void): void => {
  tasks
    .command('tree')
    .description('show the tasks of a job as a tree')
    .argument('<job-id>', 'the id of the job: see `dagger tasks jobs`')
    .addOption(storageOption())
    .addOption(jsonOption('the tree'))
    .addHelpText('after', help)
    .action(async (jobId: string, options: TreeOptions) => {
      await tree(jobId, options);
      finish(ExitCode.SUCCESS);
    });
};
