import type { JobHandle, JobStatus } from '@dagger/tasks';
import { ExitCode } from '../exit-code.ts';
import { howToDecide } from '../report/how-to-decide.ts';
import { jobResultText } from '../report/job-result.ts';
import type { OpenTasks } from './open-tasks.ts';
import { waitingTasks } from './waiting.ts';

/** What a worker has to say when it ends, for people and for machines. */
export interface Ending {
  readonly code: ExitCode;
  readonly text: string;
  readonly json: unknown;
}

const BY_STATUS: { readonly [S in JobStatus]: ExitCode } = {
  succeeded: ExitCode.SUCCESS,
  failed: ExitCode.FAILED,
  cancelled: ExitCode.CANCELLED,
  // It waits for people.
  running: ExitCode.PAUSED,
  paused: ExitCode.PAUSED,
};

/** The end of a worker that worked on one job. */
export const endOfJob = async (
  { manager }: OpenTasks,
  { id }: JobHandle,
  storage: string,
): Promise<Ending> => {
  const job = await manager.job(id);
  const result = await manager.result(id);
  const waiting = job.waiting ? await waitingTasks(manager, id) : [];
  return {
    code: BY_STATUS[job.status],
    text: [jobResultText(job, result), ...howToDecide(waiting, storage)].join('\n'),
    json: { ...result, waiting },
  };
};

const MOST_JOBS = 1_000;

/** The end of a worker that worked on whatever there was. */
export const endOfWork = async ({ manager }: OpenTasks, storage: string): Promise<Ending> => {
  const left = [
    ...(await manager.jobs({ status: 'running', limit: MOST_JOBS })),
    ...(await manager.jobs({ status: 'paused', limit: MOST_JOBS })),
  ];
  const moving = left.filter((job) => !job.waiting);
  const waiting = left.length > moving.length ? await waitingTasks(manager) : [];
  return {
    code: left.length > 0 && moving.length === 0 ? ExitCode.PAUSED : ExitCode.SUCCESS,
    text: [
      left.length === 0
        ? 'all jobs are over'
        : `${left.length} ${left.length === 1 ? 'job is' : 'jobs are'} not over, ${left.length - moving.length} of them ${left.length - moving.length === 1 ? 'waits' : 'wait'} for people`,
      ...howToDecide(waiting, storage),
    ].join('\n'),
    json: {
      unfinishedJobs: left.length,
      waitingJobs: left.length - moving.length,
      waiting,
    },
  };
};
