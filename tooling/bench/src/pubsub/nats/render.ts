import { digits, drawTable } from '../../table.ts';
import { AT_ONCE } from '../durable/contender.ts';
import { natsMeasures, type NatsMeasure } from './measure.ts';
import type { NatsRow } from './report.ts';

const NOTE = `Messages of about 200 bytes in a stream in a file, ${AT_ONCE} published at a time by publishers that wait until theirs is stored, and ${AT_ONCE}
handled at a time by an async function. From the first publication until the last acknowledgement. The bare client does the same by
its own publish and consume, as its documentation has it; tuned, it takes a callback instead of an iterator, and makes no stack for each
request. dagger has the acknowledgements confirmed, they do not. Beside that, each half alone: publishing without a reader, reading what is there.`;

const HEADINGS: Readonly<Record<NatsMeasure, string>> = {
  both: 'publish and handle',
  publish: 'publish',
  read: 'handle',
};

/** The rows as a table with its heading; nothing where there are none. */
export const renderNats = (rows: readonly NatsRow[]): readonly string[] => {
  const [first] = rows;
  if (first === undefined) return [];
  return [
    `NATS JetStream: messages per second, ${first.speeds.both.messages.toLocaleString('en-US')} messages for one agent (medians)`,
    drawTable(
      ['', ...natsMeasures.map((measure) => HEADINGS[measure])],
      rows.map(({ name, speeds }) => [
        name,
        ...natsMeasures.map((measure) => digits(speeds[measure].messagesPerSecond)),
      ]),
    ),
    NOTE,
  ];
};
