import type { JobPicture } from '@dagger/tasks';
import { Option, type Command } from 'commander';
import { ExitCode } from '../../exit-code.ts';
import { storageOption } from '../../options.ts';
import { print } from '../../output.ts';
import { mustBeWritable, saveFile } from '../../save-file.ts';
import { toSvg } from '../../svg.ts';
import { findJob } from '../../tasks/find.ts';
import { openTasks } from '../../tasks/open-tasks.ts';
import type { TasksPackage } from '../../tasks/tasks-package.ts';

const FORMATS = ['dot', 'mermaid', 'json', 'svg'] as const;
type Format = (typeof FORMATS)[number];

interface GraphOptions {
  readonly format: Format;
  readonly storage?: string;
  readonly out?: string;
}

type Draw = (pictures: readonly JobPicture[], from: TasksPackage) => string | Promise<string>;

const drawings: { readonly [F in Format]: Draw } = {
  dot: (pictures, { jobToDot }) => jobToDot(pictures),
  mermaid: (pictures, { jobToMermaid }) => jobToMermaid(pictures),
  json: (pictures) => `${JSON.stringify(pictures, null, 2)}\n`,
  svg: (pictures, { jobToDot }) => toSvg(jobToDot(pictures)),
};

const graph = async (
  jobId: string | undefined,
  { format, storage, out }: GraphOptions,
): Promise<void> => {
  if (out !== undefined) await mustBeWritable(out);
  await using open = await openTasks(storage);
  if (jobId !== undefined) await findJob(open.manager, jobId);
  const drawn = await drawings[format](await open.manager.pictures(jobId), open.tasks);
  await (out === undefined ? print(drawn) : saveFile(out, drawn));
};

const help = `
Example:
  dagger tasks graph weekly --format svg --out weekly.svg --storage tasks.db
  dagger tasks graph --format mermaid --storage tasks.db

Of each task its agent, state, runs, time, output, error and what holds it up are drawn. A solid line leads to a task that
needs another, a dashed one where it goes on after a failure too; a dotted one leads from a task to its parts. Without a
job, the 50 most recent ones are drawn side by side. JSON is a list of jobs. No Graphviz needs to be installed.
`;

export const addTasksGraph = (tasks: Command, finish: (code: ExitCode) => void): void => {
  tasks
    .command('graph')
    .description('draw a job with what became of its tasks')
    .argument('[job-id]', 'the id of the job: see `dagger tasks jobs`')
    .addOption(
      new Option('-f, --format <format>', 'the form of the picture')
        .choices(FORMATS)
        .default('dot'),
    )
    .addOption(storageOption())
    .option('-o, --out <file>', 'write to a file (default: stdout)')
    .addHelpText('after', help)
    .action(async (jobId: string | undefined, options: GraphOptions) => {
      await graph(jobId, options);
      finish(ExitCode.SUCCESS);
    });
};
