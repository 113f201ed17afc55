import type { MessageDetails, StoredMessage, UndoneDelivery } from '@dagger/pubsub';
import colors from 'picocolors';
import { oneLine } from '../escape.ts';
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
  ...(message.key === null ? [] : [`key ${oneLine(message.key, LONGEST_HEADER)}`]),
  ...(message.traceparent === null
    ? []
    : [`traceparent ${oneLine(message.traceparent, LONGEST_HEADER)}`]),
  `causal tree ${idText(message.correlationId)}, ${message.hops} ${message.hops === 1 ? 'step' : 'steps'} from its first message`,
  `payload ${payloadText(message.payload, LONGEST_PAYLOAD)}`,
];

/** Everything about a message, for people. */
export const messageText = (details: MessageDetails): string => {
  const { message, cause, effects, undone, deadLetters, deadLetter } = details;
  const isOfLetter = (name: string): boolean => deadLetter !== null && name.startsWith('dead-');
  return [
    ...facts(details),
    ...section(
      'HEADERS',
      atMost(
        Object.entries(message.headers).flatMap(([name, value]) =>
          isOfLetter(name)
            ? []
            : [`${oneLine(name, LONGEST_HEADER)}: ${oneLine(value, LONGEST_HEADER)}`],
        ),
      ),
    ),
    ...(deadLetter === null
      ? []
      : section('DEAD LETTER', [
          `${nameText(deadLetter.agent)} gave up on ${idText(deadLetter.messageId)} after ${attemptsText(deadLetter.attempts)}`,
          colors.red(reasonText(deadLetter, LONGEST_REASON)),
          redrivenText(deadLetter),
        ])),
    ...section(
      'CAUSED BY',
      cause === null
        ? message.causationId === null
          ? []
          : [
              `${idText(message.causationId)}, which is not there: it was pruned, or never published`,
            ]
        : [brief(cause)],
    ),
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
