import { briefJson, cleanLine } from '@dagger/core/kernel';
import type { TraceAttempt, TraceEntry } from './entry.ts';
import { latestAttempts } from './fates.ts';

const LONGEST_NAME = 60;
const LONGEST_VALUE = 60;
const LONGEST_ERROR = 120;
const MOST_AGENTS = 8;

/** Never a blank line first, because Graphviz reads wild memory for a title that begins so. */
const heading = (name: string): string => cleanLine(name, LONGEST_NAME).trim() || '(no name)';

/** Milliseconds as people say them. */
const took = (ms: number | null): string => {
  if (ms === null) return '';
  return ms < 1_000 ? ` in ${Math.max(0, ms)} ms` : ` in ${(ms / 1_000).toFixed(1)} s`;
};

const attemptLines = (latest: TraceAttempt): readonly string[] => {
  const { agent, attempt, status, error, durationMs } = latest;
  const tries = attempt > 1 ? `, attempt ${attempt}` : '';
  return [
    `${heading(agent)}: ${status}${took(durationMs)}${tries}`,
    ...(error === null ? [] : [`error ${cleanLine(error, LONGEST_ERROR)}`]),
  ];
};

/** What a picture says of a message, line by line, its channel first; plain text that each format still escapes. */
export const entryLabel = (entry: TraceEntry): readonly string[] => {
  const { channel, source, payload, key } = entry.message;
  const attempts = latestAttempts(entry);
  const more = attempts.length - MOST_AGENTS;
  return [
    heading(channel),
    source === null ? 'from outside' : `from ${cleanLine(source, LONGEST_NAME)}`,
    ...(key === null ? [] : [`key ${cleanLine(key, LONGEST_NAME)}`]),
    cleanLine(briefJson(payload, LONGEST_VALUE), LONGEST_VALUE),
    ...attempts.slice(0, MOST_AGENTS).flatMap(attemptLines),
    ...(more > 0 ? [`… ${more} more`] : []),
  ];
};
