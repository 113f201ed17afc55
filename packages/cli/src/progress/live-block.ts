import type { RunReportData, WaitingNode } from '@dagger/core';
import colors from 'picocolors';
import { oneLine } from '../escape.ts';
import { duration } from '../report/duration.ts';
import type { RunningNode } from './attempt-times.ts';

const SPINNER = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏';
const BAR_WIDTH = 24;
const MOST_NODES = 8;

export interface LiveBlockState {
  readonly name: string;
  readonly counts: RunReportData['counts'];
  readonly running: ReadonlyMap<string, RunningNode>;
  readonly waiting: readonly Pick<WaitingNode, 'nodeId' | 'prompt'>[];
  readonly frame: number;
  readonly now: number;
  readonly width: number;
}

const bar = (done: number, total: number): string => {
  const full = total === 0 ? BAR_WIDTH : Math.floor((done / total) * BAR_WIDTH);
  return colors.green('█'.repeat(full)) + colors.dim('░'.repeat(BAR_WIDTH - full));
};

const countsText = (counts: RunReportData['counts']): string => {
  const part = (count: number, what: string, colour: (text: string) => string): string =>
    count === 0 ? '' : colour(`, ${count} ${what}`);
  return (
    part(counts.failed, 'failed', colors.red) +
    part(counts.retrying, 'waiting to be retried', colors.yellow) +
    part(counts.waiting, 'waiting for a person', colors.yellow) +
    part(counts.skipped, 'skipped', colors.dim) +
    part(counts.cancelled, 'cancelled', colors.magenta)
  );
};

const nodeText = (id: string, node: RunningNode, now: number, width: number): string => {
  const attempt = node.attempt > 1 ? ` attempt ${node.attempt}` : '';
  const note =
    node.note === undefined
      ? ''
      : ` ${Math.round(node.note.fraction * 100)} % ${oneLine(node.note.message ?? '', 40)}`;
  // A line that wraps would make the block jump.
  return `  ${colors.cyan('▶')} ${oneLine(id, Math.max(10, width - 70))}${colors.dim(`${attempt} ${duration(Math.max(0, now - node.since))}${note}`)}`;
};

/** The picture of a run at this moment. */
export const liveBlock = ({
  name,
  counts,
  running,
  waiting,
  frame,
  now,
  width,
}: LiveBlockState): string => {
  const done = counts.succeeded + counts.failed + counts.skipped + counts.cancelled;
  const lines = [
    `${colors.cyan(SPINNER.charAt(frame % SPINNER.length))} ${oneLine(name, 40)} ${bar(done, counts.total)} ${done}/${counts.total}${countsText(counts)}`,
  ];
  let shown = 0;
  for (const [id, node] of running) {
    if (shown++ === MOST_NODES) break;
    lines.push(nodeText(id, node, now, width));
  }
  for (const { nodeId, prompt } of waiting) {
    if (shown++ >= MOST_NODES) break;
    const room = Math.max(10, Math.floor((width - 14) / 2));
    lines.push(
      `  ${colors.yellow('?')} ${oneLine(nodeId, room)} ${colors.dim(`waits: ${oneLine(prompt, room)}`)}`,
    );
  }
  const hidden = running.size + waiting.length - MOST_NODES;
  if (hidden > 0) lines.push(colors.dim(`  … and ${hidden} more`));
  return lines.join('\n');
};
