import type { JobEvent, JobView, TaskView } from '@dagger/tasks';
import colors from 'picocolors';
import type { Command } from 'commander';
import { oneLine, severalLines } from '../../escape.ts';
import { ExitCode } from '../../exit-code.ts';
import { jsonOption, storageOption } from '../../options.ts';
import { print } from '../../output.ts';
import { jobStandsText } from '../../report/job-table.ts';
import { historyLines, taskDetailsText, type TaskDetails } from '../../report/task-details.ts';
import { taskTable } from '../../report/task-table.ts';
import { findEither } from '../../tasks/find.ts';
import { openTasks, type OpenTasks } from '../../tasks/open-tasks.ts';

interface ShowOptions {
  readonly storage?: string;
  readonly json?: true;
}

/** Tasks of a job that are shown to people. */
const MOST_TASKS = 100;

const detailsOf = async ({ manager }: OpenTasks, task: TaskView): Promise<TaskDetails> => ({
  task,
  why: await manager.why(task.id),
  needs: await manager.dependencies(task.id),
  neededBy: (await manager.edges(task.jobId))
    .filter(({ needs }) => needs === task.id)
    .map(({ taskId }) => taskId),
  parts: await manager.tasks({ jobId: task.jobId, parent: task.id }),
  history: (await manager.history(task.jobId)).filter(
    (event) => 'taskId' in event && event.taskId === task.id,
  ),
});

const jobText = (
  job: JobView,
  tasks: readonly TaskView[],
  history: readonly JobEvent[],
  { tasks: from }: OpenTasks,
): string =>
  [
    ...(job.title === null ? [] : [colors.bold(oneLine(job.title, 200))]),
    `${oneLine(job.id, 200)} is ${jobStandsText(job)}`,
    ...(job.error === null
      ? []
      : [colors.red(severalLines(`error ${job.error.code}: ${job.error.message}`))]),
    `tokens ${job.tokens}, stalls ${job.stalls}${job.open ? ', open for further tasks' : ''}`,
    colors.dim(
      `created ${job.createdAt}, last change ${job.progressedAt}${job.finishedAt === null ? '' : `, ended ${job.finishedAt}`}`,
    ),
    '',
    taskTable(tasks, from),
    ...(job.counts.total > tasks.length
      ? [`… and ${job.counts.total - tasks.length} more tasks; --json has them all`]
      : []),
    ...historyLines(history),
  ].join('\n');

const show = async (id: string, { storage, json }: ShowOptions): Promise<void> => {
  await using open = await openTasks(storage);
  const found = await findEither(open.manager, id);
  if ('task' in found) {
    const details = await detailsOf(open, found.task);
    const { task, ...rest } = details;
    await print(
      json === true
        ? `${JSON.stringify({ ...task, ...rest }, null, 2)}\n`
        : `${taskDetailsText(details)}\n`,
    );
    return;
  }
  const { job } = found;
  const limit = json === true ? job.counts.total : Math.min(MOST_TASKS, job.counts.total);
  const tasks = await open.manager.tasks({ jobId: id, limit });
  const history = await open.manager.history(id);
  await print(
    json === true
      ? `${JSON.stringify({ ...job, tasks, history }, null, 2)}\n`
      : `${jobText(job, tasks, history, open)}\n`,
  );
};

const help = `
Example:
  dagger tasks show weekly --storage tasks.db
  dagger tasks show weekly/objective --storage tasks.db --json

Of a job its tasks and its history; of a task its input and output, why it is where it is, what it needs, what needs it,
what is a part of it, and its history.
`;

export const addShow = (tasks: Command, finish: (code: ExitCode) => void): void => {
  tasks
    .command('show')
    .description('show everything about a task or a job')
    .argument('<id>', 'the id of a task or of a job')
    .addOption(storageOption())
    .addOption(jsonOption('it'))
    .addHelpText('after', help)
    .action(async (id: string, options: ShowOptions) => {
      await show(id, options);
      finish(ExitCode.SUCCESS);
    });
};
