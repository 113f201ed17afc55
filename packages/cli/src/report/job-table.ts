import type { JobView } from '@dagger/tasks';
import { oneLine } from '../escape.ts';
import { duration } from './duration.ts';
import { statusText } from './status.ts';
import { table } from './table.ts';
import { shortTime } from './time.ts';

/** `running` alone would leave open whether anything still moves. */
const jobStatusText = ({ status, waiting }: JobView): string =>
  waiting && status === 'running' ? `${statusText(status)} (waiting)` : statusText(status);

/** How many of its tasks have ended, and how many of them failed. */
const countsText = ({ counts: { total, unfinished, failed } }: JobView, noun = ''): string =>
  `${total - unfinished}/${total}${noun}${failed === 0 ? '' : `, ${failed} failed`}`;

/** How a job stands, in a few words. */
export const jobStandsText = (job: JobView): string =>
  `${jobStatusText(job)} (${countsText(job, ' tasks')})`;

const row = (job: JobView): readonly string[] => [
  oneLine(job.id, 100),
  jobStatusText(job),
  `${Math.floor(job.progress * 100)} %`,
  countsText(job),
  shortTime(job.createdAt),
  job.finishedAt === null
    ? ''
    : duration(Math.max(0, Date.parse(job.finishedAt) - Date.parse(job.createdAt))),
  job.error === null ? oneLine(job.title ?? '', 60) : oneLine(job.error.message, 80),
];

/** A row per job. */
export const jobTable = (jobs: readonly JobView[]): string =>
  table(['JOB', 'STATUS', 'DONE', 'TASKS', 'CREATED', 'TIME', 'TITLE OR ERROR'], jobs.map(row));
