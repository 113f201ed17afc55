import type { Hold, Message, MessageDetails, StoredMessage, UndoneDelivery } from '@dagger/pubsub';
import colors from 'picocolors';
import { oneLine } from '../escape.ts';
import { commandLine, storageWords } from '../report/how-to-resume.ts';
import { dueText } from './review-text.ts';
import {
  attemptsText,
  channelText,
  idText,
  nameText,
  payloadText,
  reasonText,
  redrivenText,
  timeText,
} from './texts.ts';

const LONGEST_PAYLOAD = 2_000;
const LONGEST_BRIEF = 80;
const LONGEST_REASON = 1_000;
const LONGEST_HEADER = 300;
/** Messages that one message caused, and headers, that are shown to people. */
const MOST = 50;

const section = (title: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : ['', colors.bold(title), ...lines];

const atMost = (lines: readonly string[]): readonly string[] =>
  lines.length <= MOST
    ? lines
    : [...lines.slice(0, MOST), `… and ${lines.length - MOST} more; --json has them all`];

/** A message in one line. */
const brief = ({ offset, message }: StoredMessage): string =>
  [
    `${idText(message.id)} on ${channelText(message.channel)}`,
    colors.dim(`(offset ${offset})`),
    payloadText(message.payload, LONGEST_BRIEF),
  ].join(' ');

/** An owner is `host#pid#start#nonce`. */
const ownerText = (owner: string): string => {
  const [host = '', pid = ''] = owner.split('#');
  return `process ${oneLine(pid, 20)} on ${oneLine(host, 80)}`;
};

const undoneText = ({ group, state, attempt, runAt, owner }: UndoneDelivery): string => {
  const name = nameText(group);
  switch (state) {
    case 'ready':
      return `${name} ${colors.yellow('ready')}: it waits for a member${attempt === 0 ? '' : `, after ${attemptsText(attempt)}`}`;
    case 'leased':
      return `${name} ${colors.cyan('leased')}: ${owner === null ? 'a member' : ownerText(owner)} has it, attempt ${attempt}`;
    case 'delayed':
      return `${name} ${colors.yellow('delayed')}: attempt ${attempt + 1} not before ${timeText(runAt ?? 0)}`;
    case 'ahead':
      return `${name} ${colors.dim('ahead')}: it is catching up and has yet to come to it`;
  }
};

const facts = ({ offset, message }: StoredMessage): readonly string[] => [
  `${idText(message.id)} on ${channelText(message.channel)}, offset ${offset}`,
  message.source === null ? 'published from outside' : `published by ${nameText(message.source)}`,
  colors.dim(`published ${timeText(message.time)}`),
  ...inside(message),
];

/** What a message carries, and where it stands. */
const inside = (message: Message): readonly string[] => [
  ...(message.key === null ? [] : [`key ${oneLine(message.key, LONGEST_HEADER)}`]),
  ...(message.traceparent === null
    ? []
    : [`traceparent ${oneLine(message.traceparent, LONGEST_HEADER)}`]),
  `causal tree ${idText(message.correlationId)}, ${message.hops} ${message.hops === 1 ? 'step' : 'steps'} from its first message`,
  `payload ${payloadText(message.payload, LONGEST_PAYLOAD)}`,
];

const headersText = (
  { headers }: Message,
  isLeftOut: (name: string) => boolean,
): readonly string[] =>
  section(
    'HEADERS',
    atMost(
      Object.entries(headers).flatMap(([name, value]) =>
        isLeftOut(name)
          ? []
          : [`${oneLine(name, LONGEST_HEADER)}: ${oneLine(value, LONGEST_HEADER)}`],
      ),
    ),
  );

const causeText = ({ causationId }: Message, cause: StoredMessage | null): readonly string[] =>
  section(
    'CAUSED BY',
    cause === null
      ? causationId === null
        ? []
        : [`${idText(causationId)}, which is not there: it was pruned, or never published`]
      : [brief(cause)],
  );

/** How a message that waits for a person is shown. */
export interface HeldDetails {
  readonly cause: StoredMessage | null;
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
  readonly storage: string;
}

/** Everything about a message that waits for a person, and how to decide on it, for people. */
export const heldText = (hold: Hold, { cause, now, storage }: HeldDetails): string => {
  const { message, since } = hold;
  const decide = (...words: readonly string[]): string =>
    `  ${commandLine(['dagger', 'messages', ...words, ...storageWords(storage)])}`;
  return [
    `${idText(message.id)} on ${channelText(message.channel)}, ${colors.yellow('waits for a person')}`,
    message.source === null ? 'from outside' : `from ${nameText(message.source)}`,
    `since ${timeText(since)}, ${dueText(hold, now)}`,
    ...inside(message),
    ...headersText(message, () => false),
    ...causeText(message, cause),
    ...section('TO DECIDE', [
      decide('approve', message.id),
      decide('reject', message.id, '--reason', 'REASON'),
    ]),
  ].join('\n');
};

/** Everything about a message, for people. */
export const messageText = (details: MessageDetails): string => {
  const { message, cause, effects, undone, deadLetters, deadLetter } = details;
  const isOfLetter = (name: string): boolean => deadLetter !== null && name.startsWith('dead-');
  return [
    ...facts(details),
    ...headersText(message, isOfLetter),
    ...(deadLetter === null
      ? []
      : section('DEAD LETTER', [
          `${nameText(deadLetter.agent)} gave up on ${idText(deadLetter.messageId)} after ${attemptsText(deadLetter.attempts)}`,
          colors.red(reasonText(deadLetter, LONGEST_REASON)),
          redrivenText(deadLetter),
        ])),
    ...causeText(message, cause),
    ...section('CAUSED', atMost(effects.map(brief))),
    ...section('NOT DONE WITH IT', atMost(undone.map(undoneText))),
    ...section(
      'DEAD LETTERS',
      atMost(
        deadLetters.map(
          (dead) =>
            `${idText(dead.letter.id)} of ${nameText(dead.agent)} after ${attemptsText(dead.attempts)}, ${redrivenText(dead)}: ${colors.red(reasonText(dead, LONGEST_REASON))}`,
        ),
      ),
    ),
  ].join('\n');
};
