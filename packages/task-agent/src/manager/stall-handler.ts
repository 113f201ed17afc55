import { UNFINISHED } from '../lifecycle/states.ts';
import type { Logger } from '@dagger/core';
import type { StallReport } from '../unit/stall.ts';
import type { TaskReader } from './task-reader.ts';

export interface StallCall {
  readonly jobId: string;
  readonly stall: number;
  readonly logger: Logger;
}

const MOST_TASKS = 100;

/** Tells the program of a stall; what it throws is logged. */
export const callStallHandler = async (
  reader: TaskReader,
  handle: (report: StallReport) => void | Promise<void>,
  { jobId, stall, logger }: StallCall,
): Promise<void> => {
  try {
    await handle(await reportOf(reader, jobId, stall));
  } catch (error) {
    logger('error', 'the handler of a stall failed', {
      jobId,
      error: error instanceof Error ? error.message : String(error),
    });
  }
};

const reportOf = async (reader: TaskReader, jobId: string, stall: number): Promise<StallReport> => {
  const unfinished = await reader.tasks({
    jobId,
    state: UNFINISHED,
    limit: MOST_TASKS,
  });
  const tasks: StallReport['tasks'][number][] = [];
  for (const { id, agent, state, title } of unfinished)
    tasks.push({ taskId: id, agent, state, title, why: (await reader.why(id)).text });
  const { counts, waiting } = await reader.job(jobId);
  return {
    jobId,
    stall,
    reason: waiting ? 'nothing_can_move' : 'no_progress',
    tasks,
    unfinished: counts.unfinished,
  };
};
