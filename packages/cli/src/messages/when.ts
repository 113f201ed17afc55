import type { StartFrom } from '@dagger/pubsub';
import { InvalidArgumentError } from 'commander';

const UNITS: { readonly [unit: string]: number } = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

const FORMS =
  'a time such as 2025-01-31T12:00:00Z, or how long ago in seconds, minutes, hours or days, such as 30s, 10m, 2h or 7d';

/** Milliseconds since the Unix epoch; undefined for a text that is no time. */
const timeIn = (text: string): number | undefined => {
  const ago = /^(\d+(?:\.\d+)?)\s*([smhd])$/.exec(text);
  if (ago !== null) return Math.max(0, Date.now() - Number(ago[1]) * (UNITS[ago[2] ?? ''] ?? 0));
  const time = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
};

/** For an option that says since when. */
export const since = (text: string): number => {
  const time = timeIn(text.trim());
  if (time === undefined) throw new InvalidArgumentError(`It must be ${FORMS}.`);
  return Math.round(time);
};

/** For an option that says from where a group reads. */
export const startFrom = (text: string): StartFrom => {
  if (text === 'start') return 'start';
  if (/^\d+$/.test(text) && Number.isSafeInteger(Number(text))) return { offset: Number(text) };
  const time = timeIn(text.trim());
  if (time === undefined) throw new InvalidArgumentError(`It must be start, an offset, ${FORMS}.`);
  return { time };
};

/** For an option that takes an offset, before which nothing counts. */
export const offset = (text: string): number => {
  const number = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(number))
    throw new InvalidArgumentError('It must be the offset of a message, a whole number.');
  return number;
};
