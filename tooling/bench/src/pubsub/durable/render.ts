import { digits, drawTable } from '../../table.ts';
import { AT_ONCE } from './contender.ts';
import type { DurableRow } from './report.ts';

const NOTE = `Messages of about 200 bytes, ${AT_ONCE} published at a time by publishers that wait until theirs is durable, and ${AT_ONCE} handled at a time by
an async function. From the first publication until the last acknowledgement is durable. The loop does the same by prepared statements:
its transactions end the deliveries that were handled, and insert the next messages with theirs.`;

/** The rows as a table with its heading; nothing where there are none. */
export const renderDurable = (rows: readonly DurableRow[]): readonly string[] => {
  if (rows.length === 0) return [];
  const table = rows.map(({ name, group, messagesPerSecond, messages, commits }) => {
    const floor = rows.find((row) => row.group === group && row.role === 'floor');
    return [
      `${group}: ${name}`,
      digits(messagesPerSecond),
      floor === undefined ? '-' : digits(messagesPerSecond / floor.messagesPerSecond),
      commits === null ? '-' : digits(messages / commits),
    ];
  });
  return [
    `Durable: messages per second, ${rows[0]!.messages.toLocaleString('en-US')} messages for one agent (medians)`,
    drawTable(['', 'messages/s', '/ loop', 'messages a commit'], table),
    NOTE,
  ];
};
