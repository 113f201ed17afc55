import type { Hold } from '@dagger/pubsub';
import colors from 'picocolors';
import { table } from '../report/table.ts';
import { channelText, idText, nameText, payloadText, timeText } from './texts.ts';

const LONGEST_PAYLOAD = 80;
/** Messages that are shown to people. */
const MOST = 100;

const isOverdue = ({ dueAt }: Hold, now: number): boolean => dueAt !== null && dueAt <= now;

/** A message that waits, as JSON. */
export const holdJson = (hold: Hold, now: number): object => {
  const { message, since, dueAt, onTimeout } = hold;
  return { ...message, since, dueAt, onTimeout, overdue: isOverdue(hold, now) };
};

/** Until when a message waits, and what happens then. */
export const dueText = (hold: Hold, now: number): string => {
  const { dueAt, onTimeout } = hold;
  if (dueAt === null) return 'without end';
  if (isOverdue(hold, now)) return colors.yellow(`overdue since ${timeText(dueAt)}`);
  return `until ${timeText(dueAt)}, then ${onTimeout === 'autopilot' ? 'it goes on by itself' : 'it is overdue'}`;
};

const row = (hold: Hold, now: number): readonly string[] => {
  const { message, since, dueAt } = hold;
  return [
    timeText(since),
    dueAt === null
      ? '-'
      : isOverdue(hold, now)
        ? colors.yellow(`since ${timeText(dueAt)}`)
        : colors.dim(`at ${timeText(dueAt)}`),
    channelText(message.channel),
    message.source === null ? '-' : nameText(message.source),
    idText(message.id),
    colors.dim(payloadText(message.payload, LONGEST_PAYLOAD)),
  ];
};

/** A row per message that waits. */
export const reviewTable = (holds: readonly Hold[], now: number): string =>
  holds.length === 0
    ? 'no message waits for a person'
    : [
        table(
          ['SINCE', 'OVERDUE', 'CHANNEL', 'SOURCE', 'ID', 'PAYLOAD'],
          holds.slice(0, MOST).map((hold) => row(hold, now)),
        ),
        ...(holds.length > MOST ? [`… and ${holds.length - MOST} more; --json has them all`] : []),
      ].join('\n');
