import type { Storage } from '@dagger/core';
import { among } from '@dagger/core/kernel';
import { sql, type RawBuilder, type Selectable } from 'kysely';
import type { Message } from '../message/message.ts';
import { checkPattern, matches } from '../subject/subject.ts';
import { ofTree } from './of-tree.ts';
import { stretch, walk } from './readings.ts';
import { fromRow } from './stored-message.ts';
import type { MessageRow } from './tables.ts';

/** Dead letters of a channel stand on this, followed by its name. */
const DEAD = 'dead.';

/** Literal, as in the index of dead letters. */
const isDead = sql`channel > ${sql.lit('dead.')} and channel < ${sql.lit('dead/')}`;

/** What was published instead of a message that could not be handled. */
export interface DeadLetter {
  /** Of the letter. */
  readonly offset: number;
  /** The letter itself, with the payload of the message, on `dead.<channel>`. */
  readonly letter: Message;
  /** The id of the message that could not be handled. */
  readonly messageId: string;
  /** Where it was. */
  readonly channel: string;
  /** Who could not handle it. */
  readonly agent: string;
  /** How often that was tried. */
  readonly attempts: number;
  /** The code of the last error. */
  readonly code: string;
  readonly reason: string;
  /**
   * When the message was delivered again to the group that had failed on it, in milliseconds since the Unix epoch; null: it was
   * not.
   */
  readonly redrivenAt: number | null;
}

export interface DeadLetterFilter {
  /** The ids of the letters. */
  readonly ids?: readonly string[] | undefined;
  /** The id of the message that could not be handled. */
  readonly messageId?: string | undefined;
  /** The channel of that message, or a pattern. */
  readonly channel?: string | undefined;
  readonly correlationId?: string | undefined;
  readonly agent?: string | undefined;
  /** Whether they were re-driven. Default: all. */
  readonly redriven?: boolean | undefined;
  /** Only letters published then or later; milliseconds since the Unix epoch. */
  readonly since?: number | undefined;
  /** Only letters with a greater offset. */
  readonly after?: number | undefined;
  /** Which of them come first. Default `newest`. */
  readonly first?: 'oldest' | 'newest' | undefined;
  /** Default 1,000. */
  readonly limit?: number | undefined;
}

/** Dead letters, the latest first unless asked otherwise. @throws DaggerError CHANNEL_INVALID, CONFIG_INVALID */
export const readDeadLetters = async (
  storage: Storage,
  { first = 'newest', after, limit, ...filter }: DeadLetterFilter,
): Promise<readonly DeadLetter[]> => {
  const { ids, messageId, channel, correlationId, agent, redriven, since } = filter;
  if (channel !== undefined) checkPattern(channel);
  const conditions: RawBuilder<unknown>[] = [isDead];
  if (ids !== undefined) conditions.push(sql`id ${among(storage.abilities, ids)}`);
  if (messageId !== undefined) conditions.push(sql`causation_id = ${messageId}`);
  if (channel !== undefined) conditions.push(stretch(DEAD + channel));
  if (correlationId !== undefined) conditions.push(ofTree(correlationId));
  if (agent !== undefined) conditions.push(sql`source = ${agent}`);
  if (redriven !== undefined)
    conditions.push(redriven ? sql`redriven_at is not null` : sql`redriven_at is null`);
  if (since !== undefined) conditions.push(sql`time >= ${since}`);
  return walk(storage, { conditions, after, first, limit }, (row) => {
    const found = letterIn(row);
    return found === undefined || channel === undefined || matches(channel, found.channel)
      ? found
      : undefined;
  });
};

/** The dead letter that a message is; undefined for any other message, whatever its channel is called. */
export const letterIn = (row: Selectable<MessageRow>): DeadLetter | undefined => {
  if (!row.channel.startsWith(DEAD)) return undefined;
  const { offset, message } = fromRow(row);
  const { headers, causationId } = message;
  const agent = headers['dead-agent'];
  if (agent === undefined || causationId === null || headers['dead-message'] !== causationId)
    return undefined;
  return {
    offset,
    letter: message,
    messageId: causationId,
    channel: message.channel.slice(DEAD.length),
    agent,
    attempts: Number(headers['dead-attempts'] ?? 0),
    code: headers['dead-code'] ?? '',
    reason: headers['dead-reason'] ?? '',
    redrivenAt: row.redriven_at,
  };
};
