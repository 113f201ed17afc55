import type { RunState } from '../run/state.ts';
import { Status } from '../run/status.ts';
import type { Outcomes } from './outcomes.ts';

/** Takes up what an earlier session left: waits of retries, handlers that have not ended, rejections that came since. */
export const takeUpLeftovers = (state: RunState, outcomes: Outcomes): void => {
  for (const [n, notes] of state.notes) {
    if (state.isRejected(n)) {
      outcomes.waiting(n);
      continue;
    }
    if (state.status[n] === Status.RETRYING) {
      const last = notes.retries.at(-1);
      outcomes.awaitRetry(n, (last?.at ?? 0) + (last?.delay ?? 0));
    }
    if (notes.handler?.status === 'pending') outcomes.handlers.push(n);
  }
  for (const [n] of state.waits.entries()) outcomes.waiting(n);
};
