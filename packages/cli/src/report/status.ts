import type { NodeStatus, RunStatus } from '@dagger/core';
import type { JobStatus, TaskState } from '@dagger/tasks';
import colors from 'picocolors';

type Status = NodeStatus | RunStatus | TaskState | JobStatus;

const COLOURS: { readonly [S in Status]: (text: string) => string } = {
  pending: colors.dim,
  ready: colors.dim,
  running: colors.cyan,
  in_progress: colors.cyan,
  retrying: colors.yellow,
  waiting: colors.yellow,
  blocked: colors.yellow,
  in_review: colors.yellow,
  succeeded: colors.green,
  completed: colors.green,
  accepted: colors.green,
  failed: colors.red,
  rejected: colors.red,
  skipped: colors.dim,
  cancelled: colors.magenta,
  paused: colors.yellow,
  timed_out: colors.red,
  limit_reached: colors.red,
};

export const statusText = (status: Status): string => COLOURS[status](status.replace('_', ' '));
