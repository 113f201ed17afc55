import type { RunState } from './state.ts';
import { Status } from './status.ts';

/** Seconds; where no node took that long, no order of starts is worth remembering anything for. */
const NOTEWORTHY = 0.01;

/**
 * Seconds that the successful attempt of each wanted node took, by id; not of nodes that used the result of an earlier run.
 * Empty where none took long enough to matter.
 */
export const secondsTaken = (
  state: RunState,
  wanted: (n: number) => boolean,
): ReadonlyMap<string, number> => {
  const secondsOf = (n: number): number =>
    ((state.endedAt[n] as number) - (state.startedAt[n] as number)) / 1_000;
  const ran = (n: number): boolean =>
    state.status[n] === Status.SUCCEEDED && state.notes.get(n)?.cached !== true;
  const taken = new Map<string, number>();
  let longest = 0;
  for (let n = 0; n < state.nodeCount; n++) if (ran(n)) longest = Math.max(longest, secondsOf(n));
  if (longest < NOTEWORTHY) return taken;
  for (let n = 0; n < state.nodeCount; n++)
    if (ran(n) && wanted(n)) taken.set(state.topology.idOf(n), Math.max(0, secondsOf(n)));
  return taken;
};
