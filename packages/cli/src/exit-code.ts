import type { RunStatus } from '@dagger/core';

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
