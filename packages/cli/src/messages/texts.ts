import type { JsonValue } from '@dagger/core';
import { briefJson } from '@dagger/core/kernel';
import type { DeadLetter, StoredMessage } from '@dagger/pubsub';
import { oneLine } from '../escape.ts';
import { shortTime } from '../report/time.ts';

const LONGEST_CHANNEL = 80;
const LONGEST_ID = 100;
const LONGEST_NAME = 60;

/** Milliseconds since the Unix epoch, as people read them; a hostile clock may have said anything. */
export const timeText = (ms: number): string => {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? String(ms) : shortTime(date.toISOString());
};

export const channelText = (channel: string): string => oneLine(channel, LONGEST_CHANNEL);

export const idText = (id: string): string => oneLine(id, LONGEST_ID);

export const nameText = (name: string): string => oneLine(name, LONGEST_NAME);

/** The beginning of a payload; what is beyond is never looked at. */
export const payloadText = (payload: JsonValue, longest: number): string =>
  oneLine(briefJson(payload, longest), longest);

export const attemptsText = (count: number): string =>
  `${count} ${count === 1 ? 'attempt' : 'attempts'}`;

export const reasonText = ({ code, reason }: DeadLetter, longest: number): string =>
  oneLine(`${code}: ${reason}`, longest);

export const redrivenText = ({ redrivenAt }: DeadLetter): string =>
  redrivenAt === null ? 'not re-driven' : `re-driven ${timeText(redrivenAt)}`;

/** As JSON, with its place first. */
export const withOffset = ({ offset, message }: StoredMessage): object => ({ offset, ...message });
