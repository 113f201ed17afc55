import type { RunReport } from '@dagger/core';

/** What must be the same in whatever order things happened, and however often they were interrupted. */
export const essence = (report: RunReport): unknown => ({
  status: report.status,
  counts: report.counts,
  error: report.error?.code ?? null,
  rejected: report.rejectedCommands.map(({ by, error }) => `${by} ${error.code}`).toSorted(),
  paused: report.pausedBranches,
  nodes: Object.fromEntries(
    Object.values(report.nodes)
      .map(
        ({ id, status, reason, outputs, error, handler }) =>
          [
            id,
            {
              status,
              reason,
              outputs,
              error: error?.message ?? null,
              handler: handler?.status ?? null,
            },
          ] as const,
      )
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  ),
});
