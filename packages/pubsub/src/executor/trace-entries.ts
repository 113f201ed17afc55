import type { TraceAttempt, TraceEntry } from '../trace/entry.ts';
import type { Tree } from './tree.ts';

/** The messages of a tree, in the order in which they were published, with what was done with each. */
export const entriesOf = (tree: Tree): readonly TraceEntry[] => {
  const attempts = new Map<string, TraceAttempt[]>();
  for (const { messageId, agent, attempt, status, error, startedAt, durationMs } of tree.attempts) {
    const known = attempts.get(messageId) ?? [];
    known.push({ agent, attempt, status, error: error?.message ?? null, startedAt, durationMs });
    attempts.set(messageId, known);
  }
  return (tree.messages ?? []).map((message) => ({
    message,
    attempts: attempts.get(message.id) ?? [],
  }));
};
