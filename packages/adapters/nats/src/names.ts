import { createHash } from 'node:crypto';
import { DaggerError } from '@dagger/core';

/** Longer ones the server refuses. */
const LONGEST_NAME = 200;
const KEPT_OF_LONG = 120;

/** The subject of a channel or pattern. */
export const subjectOf = (prefix: string, channel: string): string => `${prefix}.${channel}`;

/** The channel of a subject below the prefix. */
export const channelOf = (prefix: string, subject: string): string =>
  subject.slice(prefix.length + 1);

/** @throws DaggerError CHANNEL_INVALID for what would be another subject, or none */
export const mustBeChannel = (channel: string): void => {
  if (!/^[^\s.*>\p{Cc}\p{Cs}]+(?:\.[^\s.*>\p{Cc}\p{Cs}]+)*$/u.test(channel))
    throw new DaggerError(
      'CHANNEL_INVALID',
      `channel '${channel}': parts without spaces, '*' and '>' are wanted, separated by '.'`,
    );
};

/** Letters, digits and `-` stay, all else is `_` and its bytes: no two texts become one, and none has two `_` in a row. */
const encoded = (text: string): string =>
  text.replaceAll(
    /[^A-Za-z0-9-]/gu,
    (character) => `_${Buffer.from(character, 'utf8').toString('hex')}`,
  );

/** The name of the consumer of a group for one pattern; the same in every process. */
export const durableName = (group: string, pattern: string): string => {
  const name = `${encoded(group)}__${encoded(pattern)}`;
  if (name.length <= LONGEST_NAME) return name;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 32);
  return `${name.slice(0, KEPT_OF_LONG)}__${hash}`;
};
