import type { Redriven } from '@dagger/pubsub';
import colors from 'picocolors';
import { idText, nameText, timeText } from './texts.ts';

/** Letters that are named, of each kind. */
const MOST = 20;

const detail = ({ id, outcome, deadLetter, group }: Redriven): string => {
  const letter = idText(id);
  const message = idText(deadLetter?.messageId ?? '');
  switch (outcome) {
    case 'redriven':
      return `${letter}: ${message} is delivered again to ${nameText(group ?? '')}`;
    case 'before':
      return `${letter} was re-driven before, ${timeText(deadLetter?.redrivenAt ?? 0)}`;
    case 'unknown':
      return `${letter} is no dead letter`;
    case 'no_message':
      return `${letter}: its message ${message} is not there: it was pruned, or rejected by a person`;
    case 'no_group':
      return `${letter}: nothing is known of the group of ${nameText(deadLetter?.agent ?? '')}`;
  }
};

const listed = (lines: readonly string[]): readonly string[] => [
  ...lines.slice(0, MOST).map((line) => `  ${line}`),
  ...(lines.length > MOST ? [`  … and ${lines.length - MOST} more; --json has them all`] : []),
];

/** What became of dead letters that were to be re-driven, for people. */
export const redriveText = (done: readonly Redriven[]): string => {
  if (done.length === 0) return 'no dead letters to re-drive';
  const redriven = done.filter(({ outcome }) => outcome === 'redriven');
  const others = done.filter(({ outcome }) => outcome !== 'redriven');
  return [
    `re-driven ${redriven.length} of ${done.length} ${done.length === 1 ? 'dead letter' : 'dead letters'}`,
    ...listed(redriven.map(detail)),
    ...(others.length === 0
      ? []
      : [colors.yellow('not re-driven:'), ...listed(others.map(detail))]),
  ].join('\n');
};
