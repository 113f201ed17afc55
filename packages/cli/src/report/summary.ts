import type { NodeStatus, RunReport } from '@dagger/core';
import colors from 'picocolors';
import { oneLine, severalLines } from '../escape.ts';
import { duration } from './duration.ts';
import { nodeTable } from './node-table.ts';
import { statusText } from './status.ts';
import { waitText } from './waits.ts';

const ORDER: readonly NodeStatus[] = [
  'succeeded',
  'failed',
  'skipped',
  'cancelled',
  'running',
  'waiting',
  'retrying',
  'ready',
  'pending',
];

const countsText = (counts: RunReport['counts']): string => {
  const parts = ORDER.filter((status) => counts[status] > 0).map(
    (status) => `${counts[status]} ${statusText(status)}`,
  );
  return `${counts.total} ${counts.total === 1 ? 'node' : 'nodes'}${parts.length === 0 ? '' : `: ${parts.join(', ')}`}`;
};

/** What became of a run, for people. */
export const summary = (report: RunReport): string => {
  const lines = [
    nodeTable(Object.values(report.nodes)),
    '',
    `${oneLine(report.dag)} ${statusText(report.status)} in ${duration(report.durationMs)} (${countsText(report.counts)})`,
    colors.dim(`run ${oneLine(report.runId)}`),
  ];
  if (report.error !== null)
    lines.push(colors.red(severalLines(`${report.error.code}: ${report.error.message}`)));
  for (const { nodeId, reason } of report.pausedBranches) {
    lines.push(`paused at ${oneLine(nodeId)}${reason === null ? '' : `: ${oneLine(reason)}`}`);
  }
  for (const node of report.waiting) lines.push(waitText(node));
  return lines.join('\n');
};
