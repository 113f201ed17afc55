import type { ErrorData } from '@dagger/core';
import type { Message } from '../message/message.ts';
import { LONGEST_CHANNEL } from '../channel/options.ts';
import type { Exchange } from './exchange.ts';
import type { Tree } from './tree.ts';

/** Dead letters of a channel are published to this, followed by its name. */
const DEAD: string = 'dead.';
/** The channels of all dead letters. */
export const DEAD_LETTERS = 'dead.>';

export const isDeadLetter = ({ channel }: Message): boolean => channel.startsWith(DEAD);

const LONGEST_REASON = 500;

/** Why a message could not be handled. */
export interface Failure {
  readonly agent: string;
  /** Whose message it was; undefined where nobody received it. */
  readonly group?: string | undefined;
  readonly attempts: number;
  readonly error: ErrorData;
}

/** What is published instead of a message that could not be handled; undefined for one that is a dead letter itself. */
export const deadLetterOf = (
  exchange: Exchange,
  message: Message,
  tree: Tree,
  { agent, group, attempts, error }: Failure,
): Message | undefined => {
  if (isDeadLetter(message)) return undefined;
  return exchange.make.caused(message, tree, {
    channel: (DEAD + message.channel).slice(0, LONGEST_CHANNEL),
    payload: message.payload,
    source: agent,
    headers: {
      ...message.headers,
      'dead-agent': agent,
      ...(group === undefined ? {} : { 'dead-group': group }),
      'dead-attempts': String(attempts),
      'dead-code': error.code,
      // Headers of brokers are one line.
      'dead-reason': error.message.replaceAll(/\s+/g, ' ').slice(0, LONGEST_REASON),
      'dead-message': message.id,
    },
  });
};
