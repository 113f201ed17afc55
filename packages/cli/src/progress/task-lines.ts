import type { JobEvent } from '@dagger/tasks';
import { jobEventText } from '../report/job-event-text.ts';

const kinds = (...types: readonly JobEvent['type'][]): ReadonlySet<JobEvent['type']> =>
  new Set(types);

const FOR_THE_CURIOUS = kinds('TaskAdded', 'DependencyAdded', 'TaskStarted', 'TaskProgress');

const ENDS_OF_ATTEMPTS = kinds(
  'TaskCompleted',
  'TaskFailed',
  'TaskRetrying',
  'TaskBlocked',
  'TaskInReview',
  'TaskCancelled',
);

/** A line per event of what a worker does, with the time that a task took which is done. */
export const taskLines = (
  verbose: boolean,
  say: (line: string) => void,
): ((event: JobEvent) => void) => {
  const began = new Map<string, number>();
  return (event) => {
    let took: number | undefined;
    if (event.type === 'TaskStarted') began.set(event.taskId, Date.parse(event.at));
    else if ('taskId' in event && ENDS_OF_ATTEMPTS.has(event.type)) {
      const at = began.get(event.taskId);
      began.delete(event.taskId);
      took = at === undefined ? undefined : Math.max(0, Date.parse(event.at) - at);
    }
    if (verbose || !FOR_THE_CURIOUS.has(event.type)) say(jobEventText(event, took));
  };
};
