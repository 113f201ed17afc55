import { PALETTE, type Colours } from '@dagger/core/kernel';
import type { TraceAttempt, TraceEntry } from './entry.ts';

/** What became of a message as a whole: the worst that became of it at one agent; `open` where none has begun. */
export type Fate = TraceAttempt['status'] | 'open';

/** The worst first. */
export const FATE_COLOURS: { readonly [F in Fate]: Colours } = {
  dead: PALETTE.failed,
  stopped: PALETTE.cancelled,
  failed: PALETTE.retrying,
  running: PALETTE.running,
  done: PALETTE.succeeded,
  open: PALETTE.pending,
};

export const FATES: readonly Fate[] = Object.keys(FATE_COLOURS) as readonly Fate[];

/** The latest attempt of each agent, in the order in which the agents began. */
export const latestAttempts = ({ attempts }: TraceEntry): readonly TraceAttempt[] => {
  const latest = new Map<string, TraceAttempt>();
  for (const attempt of attempts) {
    const known = latest.get(attempt.agent);
    if (known === undefined || attempt.attempt >= known.attempt) latest.set(attempt.agent, attempt);
  }
  return [...latest.values()];
};

export const fateOf = (entry: TraceEntry): Fate => {
  const statuses = new Set<Fate>(latestAttempts(entry).map(({ status }) => status));
  return FATES.find((fate) => statuses.has(fate)) ?? 'open';
};
