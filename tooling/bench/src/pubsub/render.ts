import { digits, drawTable, Footnotes } from '../table.ts';
import { verdictWord } from '../targets.ts';
import { renderDurable } from './durable/render.ts';
import { renderNats } from './nats/render.ts';
import {
  isSkipped,
  type PubSubReport,
  type PubSubRow,
  type Skipped,
  type Speed,
} from './report.ts';
import { backlogsOf, messagesInMemory, SUBSCRIBERS } from './sizes.ts';

const STREAMS = `Everybody publishes the same payload of three fields, and every subscriber handles each message by an async function, one at a
time. At most 1,024 messages wait for a subscriber. dagger, schema checks each payload for each subscriber; dagger, traced keeps the
last 10,000 messages, as it does by default. rxjs has no backpressure: its publisher waits after every 1,024 messages. moleculer
keeps no order and no queue: its publisher awaits each event.`;

const BACKLOGS = `One subscriber. So many messages are published at once, then none until all of them are handled.`;

const MEMORY = `Heap after a full collection, a process each: with the bus open, and with messages that wait in it (their payloads included).`;

/** The report as tables. */
export const renderPubSub = (report: PubSubReport): string => {
  const notes = new Footnotes();
  const { quick, machine, rows, verdicts } = report;
  const speeds = (
    sizes: readonly number[],
    of: (row: PubSubRow) => Readonly<Record<number, Speed | Skipped>>,
  ): string[][] =>
    rows
      .filter((row) => sizes.some((size) => of(row)[size] !== undefined))
      .map((row) => [row.name, ...sizes.map((size) => speed(of(row)[size], notes))]);
  const backlogs = backlogsOf(quick);
  const parts = [
    `bench pubsub${quick ? ' --quick' : ''}: Node ${machine.node}, ${machine.platform}, ${machine.cores} x ${machine.cpu}`,
    'In memory: messages per second, from the first publication until every subscriber has handled the last (medians)',
    drawTable(
      ['', ...SUBSCRIBERS.map((n) => (n === 1 ? '1 subscriber' : `${n} subscribers`))],
      speeds(SUBSCRIBERS, ({ streams }) => streams),
    ),
    STREAMS,
    'Messages per second with a backlog (medians)',
    drawTable(
      ['', ...backlogs.map((size) => `backlog ${count(size)}`)],
      speeds(backlogs, ({ backlogs: found }) => found),
    ),
    BACKLOGS,
    `Memory, ${count(messagesInMemory(quick))} messages`,
    drawTable(
      ['', 'open, MB', 'bytes a message that waits'],
      rows.map(({ name, memory }) =>
        isSkipped(memory)
          ? [name, notes.mark(memory.skipped), '']
          : [name, digits(memory.openBytes / 1e6), digits(memory.bytesPerMessage)],
      ),
    ),
    MEMORY,
    notes.lines().join('\n'),
    ...renderDurable(report.durable),
    ...renderNats(report.nats),
    report.skipped.join('\n'),
    'Targets',
    drawTable(
      ['', 'measured', 'target', ''],
      verdicts.map((verdict) => [
        verdict.name,
        verdict.value === null ? '-' : digits(verdict.value),
        verdict.target,
        verdictWord(verdict),
      ]),
    ),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
};

const speed = (found: Speed | Skipped | undefined, notes: Footnotes): string => {
  if (found === undefined) return '-';
  return isSkipped(found) ? notes.mark(found.skipped) : digits(found.messagesPerSecond);
};

const count = (value: number): string => value.toLocaleString('en-US');
