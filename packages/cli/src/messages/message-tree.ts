import type { TraceAttempt, TraceEntry, TraceNode } from '@dagger/pubsub';
import colors from 'picocolors';
import { oneLine } from '../escape.ts';
import type { PubSubPackage } from './pubsub-package.ts';
import { attemptsText, channelText, nameText, payloadText } from './texts.ts';

const LONGEST_PAYLOAD = 60;
const LONGEST_REASON = 120;
/** Messages that are shown to people. */
const MOST_LINES = 1_000;
/** Steps by which a line stands further to the right. */
const DEEPEST = 40;

const attemptText = ({ agent, attempt, status, error }: TraceAttempt): string => {
  const name = nameText(agent);
  switch (status) {
    case 'dead':
      return colors.red(
        `${name} gave up after ${attemptsText(attempt)}: ${oneLine(error ?? '', LONGEST_REASON)}`,
      );
    case 'running':
      return colors.cyan(`${name} has it`);
    case 'failed':
      return colors.yellow(`${name} tries again after ${attemptsText(attempt)}`);
    case 'stopped':
      return colors.magenta(`${name} was stopped`);
    case 'done':
      return colors.green(name);
  }
};

/** The latest attempt of each agent, which says how it stands. */
const latest = (attempts: readonly TraceAttempt[]): readonly TraceAttempt[] => [
  ...new Map(attempts.map((attempt) => [attempt.agent, attempt])).values(),
];

/** What is shown beside the messages of a tree. */
export interface TreeDetails {
  /** By id. */
  readonly offsets: ReadonlyMap<string, number>;
  /** The ids of those that wait for people. */
  readonly waiting: ReadonlySet<string>;
  /** The id or the offset of the message that was asked for. */
  readonly asked: string;
}

const line = (
  { message, attempts }: TraceNode,
  depth: number,
  { offsets, waiting, asked }: TreeDetails,
): string => {
  const at = offsets.get(message.id);
  const offset = String(at ?? '');
  const channel = channelText(message.channel);
  const isAsked = message.id === asked || offset === asked;
  return [
    '  '.repeat(Math.min(depth, DEEPEST)) + (isAsked ? colors.bold(channel) : channel),
    payloadText(message.payload, LONGEST_PAYLOAD),
    colors.dim(
      `(${at === undefined ? 'not published' : `offset ${offset}`}, ${message.source === null ? 'from outside' : `by ${nameText(message.source)}`})`,
    ),
    ...(waiting.has(message.id) ? [colors.yellow('— waits for a person')] : []),
    ...(attempts.length === 0 ? [] : [`— ${latest(attempts).map(attemptText).join('; ')}`]),
  ].join(' ');
};

/** A line per message, two spaces deeper than that of the one that caused it. */
export const treeText = (
  entries: readonly TraceEntry[],
  details: TreeDetails,
  { causalTree }: PubSubPackage,
): string => {
  const lines: string[] = [];
  const left = [...causalTree(entries)].toReversed().map((node) => ({ node, depth: 0 }));
  for (let next = left.pop(); next !== undefined && lines.length < MOST_LINES; next = left.pop()) {
    const { node, depth } = next;
    lines.push(line(node, depth, details));
    for (const child of node.children.toReversed()) left.push({ node: child, depth: depth + 1 });
  }
  if (entries.length > lines.length)
    lines.push(`… and ${entries.length - lines.length} more messages; --json has them all`);
  return lines.join('\n');
};
