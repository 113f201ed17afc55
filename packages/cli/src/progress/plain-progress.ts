import type { ExecutionEvent } from '@dagger/core';
import { AttemptTimes } from './attempt-times.ts';
import { eventLine } from './event-line.ts';
import type { Progress } from './progress.ts';

const FOR_THE_CURIOUS: ReadonlySet<ExecutionEvent['type']> = new Set([
  'NodeStarted',
  'NodeProgress',
]);

/** A line per event: for logs, pipes and terminals that cannot move the cursor. */
export const plainProgress = (verbose: boolean): Progress => {
  const times = new AttemptTimes();
  const say = (line: string): void => console.error(line);
  return {
    tell(event) {
      const took = times.follow(event);
      if (FOR_THE_CURIOUS.has(event.type) && !verbose) return;
      const line = eventLine(event, took);
      if (line !== undefined) say(line);
    },
    say,
    stop: () => {},
  };
};
