import type { JobView } from '@dagger/tasks';
import { oneLine } from '../escape.ts';
import { print } from '../output.ts';
import { jobStandsText } from '../report/job-table.ts';
import { whyLines } from '../report/why-lines.ts';
import type { OpenTasks } from './open-tasks.ts';

export interface TellOptions {
  readonly storage?: string;
  readonly json?: true;
}

const MOST_NAMES = 10;

const idLines = (what: string, ids: readonly string[]): readonly string[] =>
  ids.length === 0
    ? []
    : [
        `${what} ${ids.length} ${ids.length === 1 ? 'task' : 'tasks'}:`,
        ...ids.slice(0, MOST_NAMES).map((id) => `  ${oneLine(id, 200)}`),
        ...(ids.length > MOST_NAMES ? [`  … and ${ids.length - MOST_NAMES} more`] : []),
      ];

/** How a task stands after something was done to it, and to which tasks. */
export const tellTask = async (
  { manager }: OpenTasks,
  taskId: string,
  { json }: TellOptions,
  did: { readonly what: string; readonly ids: readonly string[] } = { what: '', ids: [] },
): Promise<void> => {
  const why = await manager.why(taskId);
  await print(
    json === true
      ? `${JSON.stringify({ ...why, tasks: did.ids.length === 0 ? [taskId] : did.ids }, null, 2)}\n`
      : `${[...idLines(did.what, did.ids), ...whyLines(why)].join('\n')}\n`,
  );
};

/** How a job stands after something was done to it. */
export const tellJob = async (
  { manager }: OpenTasks,
  jobId: string,
  { json }: TellOptions,
): Promise<void> => {
  const job: JobView = await manager.job(jobId);
  await print(
    json === true
      ? `${JSON.stringify(job, null, 2)}\n`
      : `${oneLine(job.id, 200)} is ${jobStandsText(job)}\n`,
  );
};
