import type { NodeStatus, RunStatus } from '@dagger/core';
import colors from 'picocolors';

const COLOURS: { readonly [S in NodeStatus | RunStatus]: (text: string) => string } = {
  pending: colors.dim,
  ready: colors.dim,
  running: colors.cyan,
  retrying: colors.yellow,
  waiting: colors.yellow,
  succeeded: colors.green,
  failed: colors.red,
  skipped: colors.dim,
  cancelled: colors.magenta,
  paused: colors.yellow,
  timed_out: colors.red,
  limit_reached: colors.red,
};

export const statusText = (status: NodeStatus | RunStatus): string =>
  COLOURS[status](status.replace('_', ' '));
