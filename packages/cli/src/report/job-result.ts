import type { JobResult, JobView } from '@dagger/tasks';
import colors from 'picocolors';
import { oneLine, severalLines } from '../escape.ts';
import { jobStandsText } from './job-table.ts';

const LONGEST_VALUE = 300;

/** What became of a job, for people. */
export const jobResultText = (job: JobView, { outputs, error }: JobResult): string =>
  [
    ...Object.entries(outputs).map(
      ([key, output]) => `${oneLine(key, 100)}: ${oneLine(JSON.stringify(output), LONGEST_VALUE)}`,
    ),
    `job ${oneLine(job.id, 200)} ${jobStandsText(job)}`,
    ...(error === null ? [] : [colors.red(severalLines(`${error.code}: ${error.message}`))]),
  ].join('\n');
