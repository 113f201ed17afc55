import { DaggerError } from '@dagger/core';
import { describeValue } from '@dagger/core/kernel';

/** Stands for exactly one part of a subject. */
export const ANY_PART = '*';
/** As the last part, stands for one or more parts. */
export const ANY_REST = '>';

const LONGEST = 255;

/** What is wrong with a part of a subject; undefined for a good one. */
const faultOf = (part: string): string | undefined => {
  if (part === '') return "a part between two '.' is empty";
  // Without a partner a surrogate is no text in UTF-8: two such names would become one on the wire.
  if (/[\s\p{Cc}\p{Cs}]/u.test(part)) return 'it has a space or a control character in it';
  return undefined;
};

const refuse = (what: string, value: unknown, reason: string): never => {
  throw new DaggerError('CHANNEL_INVALID', `${what} ${describeValue(value)}: ${reason}`);
};

const checkedParts = (value: unknown, what: string): readonly string[] => {
  if (typeof value !== 'string') return refuse(what, value, 'it must be text');
  if (value === '') return refuse(what, value, 'it must not be empty');
  if (value.length > LONGEST)
    return refuse(what, value, `it has ${value.length} characters, at most ${LONGEST} are allowed`);
  const parts = value.split('.');
  for (const part of parts) {
    const fault = faultOf(part);
    if (fault !== undefined) return refuse(what, value, fault);
  }
  return parts;
};

/**
 * The name of one channel: parts separated by `.`, as NATS has them.
 * @throws DaggerError CHANNEL_INVALID naming the value and the reason
 */
export function checkSubject(value: unknown): asserts value is string {
  for (const part of checkedParts(value, 'channel'))
    if (isPattern(part))
      refuse('channel', value, `'${ANY_PART}' and '${ANY_REST}' are for patterns only`);
}

/**
 * The name of one channel, or of many by `*` and `>`.
 * @throws DaggerError CHANNEL_INVALID naming the value and the reason
 */
export function checkPattern(value: unknown): asserts value is string {
  const parts = checkedParts(value, 'channel pattern');
  for (const [i, part] of parts.entries()) {
    if (part.length > 1 && isPattern(part))
      refuse('channel pattern', value, `'${ANY_PART}' and '${ANY_REST}' stand for whole parts`);
    if (part === ANY_REST && i < parts.length - 1)
      refuse('channel pattern', value, `'${ANY_REST}' must be the last part`);
  }
}

/** Whether a checked pattern may stand for more than one channel. */
export const isPattern = (text: string): boolean =>
  text.includes(ANY_PART) || text.includes(ANY_REST);

/** Whether a checked pattern stands for a channel. */
export const matches = (pattern: string, subject: string): boolean => {
  if (!isPattern(pattern)) return pattern === subject;
  const parts = subject.split('.');
  const wanted = pattern.split('.');
  for (const [i, want] of wanted.entries()) {
    if (i >= parts.length) return false;
    if (want === ANY_REST) return true;
    if (want !== ANY_PART && want !== parts[i]) return false;
  }
  return wanted.length === parts.length;
};

/** Whether there can be a channel that both of two checked patterns stand for. */
export const overlaps = (a: string, b: string): boolean => {
  const [left, right] = [a.split('.'), b.split('.')];
  const shorter = Math.min(left.length, right.length);
  for (let i = 0; i < shorter; i++) {
    const [one, other] = [left[i], right[i]];
    if (one === ANY_REST || other === ANY_REST) return true;
    if (one !== ANY_PART && other !== ANY_PART && one !== other) return false;
  }
  return left.length === right.length;
};
