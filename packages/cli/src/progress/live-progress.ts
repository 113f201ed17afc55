import type { ExecutionEvent, RunHandle } from '@dagger/core';
import { createLogUpdate } from 'log-update';
import { AttemptTimes } from './attempt-times.ts';
import { eventLine } from './event-line.ts';
import { liveBlock } from './live-block.ts';
import type { Progress } from './progress.ts';
import { yieldingTo } from './yielding-streams.ts';

/** Milliseconds between two pictures. */
const FRAME = 80;

/** What the counts in the block cannot tell. */
const WORTH_A_LINE: ReadonlySet<ExecutionEvent['type']> = new Set([
  'NodeRetrying',
  'NodeFailed',
  'HandlerCompleted',
  'HandlerFailed',
  'NodeWaiting',
  'InputGiven',
  'WaitExpired',
  'BranchPaused',
  'BranchResumed',
  'BranchCancelled',
  'CustomEvent',
  'LimitReached',
  'CommandRejected',
  'RunResumed',
  'RunStopping',
]);

/** A block at the bottom of the terminal that shows what runs now; lines that stay go above it. */
export const liveProgress = (handle: RunHandle, verbose: boolean): Progress => {
  const times = new AttemptTimes();
  const update = createLogUpdate(process.stderr);
  let frame = 0;
  const draw = (): void => {
    const { counts, waiting } = handle.report();
    update(
      liveBlock({
        name: handle.dagName,
        counts,
        running: times.running,
        waiting,
        frame,
        now: Date.now(),
        width: process.stderr.columns,
      }),
    );
  };
  const streams = yieldingTo({ hide: () => update.clear(), show: draw });
  const timer = setInterval(() => {
    frame++;
    streams.own(draw);
  }, FRAME);
  // The block alone is no reason to keep the process.
  timer.unref();
  const say = (line: string): void => console.error(line);
  return {
    tell(event) {
      const took = times.follow(event);
      if (!WORTH_A_LINE.has(event.type) && !(verbose && event.type !== 'NodeProgress')) return;
      const line = eventLine(event, took);
      if (line !== undefined) say(line);
    },
    say,
    stop() {
      clearInterval(timer);
      streams.own(() => {
        update.clear();
        // Gives the cursor back.
        update.done();
      });
      streams.restore();
    },
  };
};
