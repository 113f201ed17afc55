import type { NodeReport } from '@dagger/core';
import colors from 'picocolors';
import { oneLine } from '../escape.ts';
import { errorText } from './error-text.ts';
import { duration } from './duration.ts';
import { statusText } from './status.ts';
import { table } from './table.ts';

const MOST_ROWS = 100;
const LONGEST_ID = 60;
const LONGEST_OUTPUTS = 80;

const detail = (node: NodeReport): string => {
  if (node.error !== null) return colors.red(errorText(node.error));
  if (node.reason !== null) return colors.dim(oneLine(node.reason, 120));
  const outputs = JSON.stringify(node.outputs ?? {});
  return colors.dim(
    `${node.cached ? 'from an earlier run ' : ''}${outputs === '{}' ? '' : oneLine(outputs, LONGEST_OUTPUTS)}`,
  );
};

const row = (node: NodeReport): readonly string[] => [
  oneLine(node.id, LONGEST_ID),
  statusText(node.status),
  String(node.attempts),
  node.durationMs === null ? '' : duration(node.durationMs),
  detail(node),
];

/** A row per node. Of a large run those that did not simply succeed come before those that did. */
export const nodeTable = (nodes: readonly NodeReport[]): string => {
  const shown =
    nodes.length <= MOST_ROWS
      ? nodes
      : [
          ...nodes.filter(({ status }) => status !== 'succeeded'),
          ...nodes.filter(({ status }) => status === 'succeeded'),
        ].slice(0, MOST_ROWS);
  const drawn = table(['NODE', 'STATUS', 'ATTEMPTS', 'TIME', 'RESULT'], shown.map(row));
  return nodes.length > shown.length
    ? `${drawn}\n… and ${nodes.length - shown.length} more nodes; --json has them all`
    : drawn;
};
