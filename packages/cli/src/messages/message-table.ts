import type { DeadLetter, StoredMessage } from '@dagger/pubsub';
import colors from 'picocolors';
import stringWidth from 'string-width';
import { table } from '../report/table.ts';
import { channelText, idText, nameText, payloadText, reasonText, timeText } from './texts.ts';

const LONGEST_PAYLOAD = 80;
const LONGEST_REASON = 100;
const HEADINGS = ['OFFSET', 'TIME', 'CHANNEL', 'SOURCE', 'ID', 'PAYLOAD'];

const row = ({ offset, message }: StoredMessage): readonly string[] => [
  String(offset),
  timeText(message.time),
  channelText(message.channel),
  message.source === null ? '-' : nameText(message.source),
  idText(message.id),
  colors.dim(payloadText(message.payload, LONGEST_PAYLOAD)),
];

/** A row per message. */
export const messageTable = (messages: readonly StoredMessage[]): string =>
  table(HEADINGS, messages.map(row));

/** A table that goes on: lines with columns as wide as the widest of their cells so far. */
export class GrowingMessageTable {
  #widths: readonly number[] = [];

  heading(): string {
    return this.#line(HEADINGS.map((heading) => colors.bold(heading)));
  }

  lines(messages: readonly StoredMessage[]): readonly string[] {
    const rows = messages.map(row);
    this.#widen(rows);
    return rows.map((cells) => this.#line(cells));
  }

  #widen(rows: readonly (readonly string[])[]): void {
    this.#widths = HEADINGS.map((heading, i) =>
      Math.max(
        this.#widths[i] ?? 0,
        ...[heading, ...rows.map((cells) => cells[i] ?? '')].map((cell) => stringWidth(cell)),
      ),
    );
  }

  #line(cells: readonly string[]): string {
    return cells
      .map((cell, i) => cell + ' '.repeat(Math.max(0, (this.#widths[i] ?? 0) - stringWidth(cell))))
      .join('  ')
      .trimEnd();
  }
}

/** A row per dead letter. */
export const deadLetterTable = (letters: readonly DeadLetter[]): string =>
  table(
    ['OFFSET', 'TIME', 'CHANNEL', 'AGENT', 'ATTEMPTS', 'RE-DRIVEN', 'ID', 'REASON'],
    letters.map((dead) => [
      String(dead.offset),
      timeText(dead.letter.time),
      channelText(dead.channel),
      nameText(dead.agent),
      String(dead.attempts),
      dead.redrivenAt === null ? 'no' : colors.green(timeText(dead.redrivenAt)),
      idText(dead.letter.id),
      colors.red(reasonText(dead, LONGEST_REASON)),
    ]),
  );
