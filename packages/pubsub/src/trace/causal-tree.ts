import type { Message } from '../message/message.ts';
import { causesOf } from './causes.ts';
import type { TraceAttempt, TraceEntry } from './entry.ts';

/** A message, what was done with it, and the messages that it caused. */
export interface TraceNode {
  readonly message: Message;
  readonly attempts: readonly TraceAttempt[];
  readonly children: readonly TraceNode[];
}

/**
 * The messages that have no cause among the entries, and below each what it caused; all in the order of publication. Each
 * entry is in it once, also where hostile ones name each other as their causes.
 */
export const causalTree = (entries: readonly TraceEntry[]): readonly TraceNode[] => {
  const nodes = entries.map(({ message, attempts }) => ({
    message,
    attempts,
    children: [] as TraceNode[],
  }));
  const roots: TraceNode[] = [];
  for (const [i, cause] of causesOf(entries).entries()) {
    const siblings = cause === undefined ? roots : nodes[cause]?.children;
    const node = nodes[i];
    if (node !== undefined) siblings?.push(node);
  }
  return roots;
};
