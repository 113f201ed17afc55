import { DaggerError } from '../errors.ts';
import { EventStream } from '../coordinator/event-stream.ts';
import type { LiveRun } from '../coordinator/live-run.ts';
import type { ExecutorCommand } from '../run/commands.ts';
import type { RunReport } from '../run/report.ts';

/** A run under way. */
export interface RunHandle {
  readonly runId: string;
  readonly dagName: string;
  /** The report of the session, also of a failed run; rejects only when storage fails or the run was taken over. */
  readonly done: Promise<RunReport>;
  readonly events: EventStream;
  /** Carries out a command; resolves when it is durable. @throws DaggerError COMMAND_REJECTED */
  send(command: ExecutorCommand): Promise<void>;
  /** Cancels the run; running actions get their signal and the grace time. Called again, it waits no longer. */
  cancel(reason?: string): void;
  /** The report as things stand. */
  report(): RunReport;
}

/** @param done the report of the session, where it is not that of the run itself */
export const handleOf = (live: LiveRun, done: Promise<RunReport> = live.done): RunHandle => {
  let cancelled = false;
  return {
    runId: live.runId,
    dagName: live.dagName,
    done,
    events: live.events,
    send: (command) => live.send(command),
    cancel(reason) {
      if (cancelled) return live.abandon();
      cancelled = true;
      live.stop(
        'cancelled',
        new DaggerError('CANCELLED', reason ?? 'cancelled', { ids: { runId: live.runId } }),
      );
    },
    report: () => live.report().settle(),
  };
};

/** A handle on a run that is over. */
export const finishedHandle = (report: RunReport): RunHandle => {
  const events = new EventStream(1, () => {});
  EventStream.end(events);
  return {
    runId: report.runId,
    dagName: report.dag,
    done: Promise.resolve(report),
    events,
    send: () =>
      Promise.reject(
        new DaggerError('COMMAND_REJECTED', `run '${report.runId}' has ended`, {
          ids: { runId: report.runId },
        }),
      ),
    cancel: () => {},
    report: () => report,
  };
};
