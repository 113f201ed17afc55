import type { OnDependencyFailure } from '../spec/task-spec.ts';

/** An end without success. */
export type Setback = 'failed' | 'rejected' | 'cancelled' | 'skipped';

/** That an unfinished task needs another. */
export interface WaitingEdge {
  readonly needs: string;
  readonly taskId: string;
  readonly onFailure: OnDependencyFailure;
}

/** What a task becomes because of one that it needs. */
export interface Consequence {
  readonly taskId: string;
  readonly becomes: 'failed' | 'cancelled' | 'skipped';
  /** The dependency that ended without success. */
  readonly because: string;
  /** The one with which it all began. */
  readonly origin: string;
}

export interface Spread {
  readonly consequences: readonly Consequence[];
  /** Tasks that go on all the same, with the number of their dependencies that have ended. */
  readonly ended: readonly (readonly [taskId: string, count: number])[];
}

const becomes = (setback: Setback, onFailure: 'fail' | 'skip'): Consequence['becomes'] => {
  if (onFailure === 'skip' || setback === 'skipped') return 'skipped';
  return setback === 'cancelled' ? 'cancelled' : 'failed';
};

/**
 * What ends without success means for everything that needs it, directly or not. Pure; `edges` are those that lead from
 * the setbacks downstream, in any order.
 */
export const spread = (
  setbacks: ReadonlyMap<string, Setback>,
  edges: readonly WaitingEdge[],
): Spread => {
  const downstream = new Map<string, WaitingEdge[]>();
  for (const edge of edges) {
    const known = downstream.get(edge.needs);
    if (known === undefined) downstream.set(edge.needs, [edge]);
    else known.push(edge);
  }
  const consequences = new Map<string, Consequence>();
  const ended = new Map<string, number>();
  const line: { readonly id: string; readonly setback: Setback; readonly origin: string }[] = [
    ...setbacks,
  ].map(([id, setback]) => ({ id, setback, origin: id }));
  for (let at = 0; at < line.length; at++) {
    const { id, setback, origin } = line[at] as (typeof line)[number];
    for (const { taskId, onFailure } of downstream.get(id) ?? []) {
      if (setbacks.has(taskId) || consequences.has(taskId)) continue;
      if (onFailure === 'continue') {
        ended.set(taskId, (ended.get(taskId) ?? 0) + 1);
        continue;
      }
      const consequence = { taskId, becomes: becomes(setback, onFailure), because: id, origin };
      consequences.set(taskId, consequence);
      line.push({ id: taskId, setback: consequence.becomes, origin });
    }
  }
  return {
    consequences: [...consequences.values()],
    ended: [...ended].filter(([taskId]) => !consequences.has(taskId)),
  };
};
