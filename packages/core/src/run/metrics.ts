import { NodeFlag } from '../graph/topology.ts';
import type { RunState } from './state.ts';
import { Status } from './status.ts';

/** Figures of a run; durations in milliseconds, of the latest attempt of each node that ran. */
export interface RunMetrics {
  readonly averageNodeMs: number | null;
  readonly slowestNode: { readonly id: string; readonly durationMs: number } | null;
  /** Nodes whose outputs came from an earlier run, over those for which that was allowed; null when for none. */
  readonly cacheHitRate: number | null;
  readonly cacheHits: number;
  readonly attempts: number;
  readonly tokens: number;
}

export const runMetrics = (state: RunState): RunMetrics => {
  let sum = 0;
  let ran = 0;
  let attempts = 0;
  let slowest = -1;
  let longest = -1;
  let cacheable = 0;
  for (let n = 0; n < state.nodeCount; n++) {
    attempts += state.attempt[n] as number;
    const status = state.status[n];
    if (
      ((state.topology.flags[n] as number) & NodeFlag.CACHED) !== 0 &&
      (status === Status.SUCCEEDED || status === Status.FAILED)
    )
      cacheable++;
    const startedAt = state.startedAt[n] as number;
    const endedAt = state.endedAt[n] as number;
    if (startedAt === 0 || endedAt === 0) continue;
    const duration = Math.max(0, endedAt - startedAt);
    sum += duration;
    ran++;
    if (duration > longest) [slowest, longest] = [n, duration];
  }
  return {
    averageNodeMs: ran === 0 ? null : sum / ran,
    slowestNode: slowest === -1 ? null : { id: state.topology.idOf(slowest), durationMs: longest },
    cacheHitRate: cacheable === 0 ? null : state.cacheHits / cacheable,
    cacheHits: state.cacheHits,
    attempts,
    tokens: state.tokens,
  };
};
