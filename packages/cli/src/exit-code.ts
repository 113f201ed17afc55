import { DaggerError, type RunStatus } from '@dagger/core';
import { InvalidCommandLine } from './invalid-command-line.ts';

export const ExitCode = {
  SUCCESS: 0,
  /** The run failed, timed out or reached a limit; or something happened that is nobody's usage mistake. */
  FAILED: 1,
  /** Bad usage, or a file that cannot be used. */
  USAGE: 2,
  /** The run is paused. */
  PAUSED: 3,
  /** What shells report for Ctrl-C. */
  CANCELLED: 130,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

const BY_STATUS: { readonly [S in RunStatus]: ExitCode } = {
  succeeded: ExitCode.SUCCESS,
  // A run that is still under way elsewhere has not succeeded here.
  running: ExitCode.FAILED,
  failed: ExitCode.FAILED,
  timed_out: ExitCode.FAILED,
  limit_reached: ExitCode.FAILED,
  paused: ExitCode.PAUSED,
  cancelled: ExitCode.CANCELLED,
};

export const exitCodeOfStatus = (status: RunStatus): ExitCode => BY_STATUS[status];

/** Codes of errors that mean: what was asked for cannot work as it was asked. */
const USAGE_CODES: ReadonlySet<string> = new Set([
  'ACTION_DUPLICATE',
  'ACTION_INVALID',
  'ACTION_UNKNOWN',
  'AGENT_DUPLICATE',
  'AGENT_INVALID',
  'AGENT_NOT_ALLOWED',
  'AGENT_UNKNOWN',
  'CHANNEL_INVALID',
  'COMMAND_REJECTED',
  'CONFIG_INVALID',
  'DAG_DUPLICATE',
  'DAG_UNKNOWN',
  'GRAPH_INVALID',
  'GROUP_BUSY',
  'GROUP_UNKNOWN',
  'INPUT_INVALID',
  'JOB_FINISHED',
  'JOB_INVALID',
  'JOB_UNKNOWN',
  'MESSAGE_UNKNOWN',
  'NOT_JSON',
  'REVIEW_UNKNOWN',
  'RUN_CONFLICT',
  'RUN_UNKNOWN',
  'STORAGE_MISSING',
  'STORAGE_URL',
  'TASK_CYCLE',
  'TASK_INVALID',
  'TASK_STATE',
  'TASK_UNKNOWN',
]);

export const exitCodeOfError = (error: unknown): ExitCode =>
  error instanceof InvalidCommandLine ||
  (error instanceof DaggerError && USAGE_CODES.has(error.code))
    ? ExitCode.USAGE
    : ExitCode.FAILED;
