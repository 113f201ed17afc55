import { deferred } from '../deferred.ts';
import type { Handle } from './contender.ts';

/** Nobody's pause between two messages comes near this. */
const STALLED_MS = 60_000;

/** Counts what the subscribers handle, message by message, so that no bus can lose, repeat or reorder one. */
export interface Receipts {
  /** The whole work of a handler. */
  readonly handle: Handle;
  /** Resolves when every subscriber has handled every message below `end`; rejects where nothing is handled any more. */
  readonly until: (end: number) => Promise<void>;
  /** Throws unless each subscriber got each message once, in order. */
  readonly check: (contender: string) => void;
  readonly close: () => void;
}

export const countReceipts = (subscribers: number): Receipts => {
  /** The number of the message that is to come next. */
  const next = new Float64Array(subscribers);
  let [handled, wrong, awaited, seen] = [0, 0, 0, -1];
  let waiting = deferred<void>();
  const watch = setInterval(() => {
    if (handled === seen && handled < awaited)
      waiting.reject(new Error(`stuck after ${handled} of ${awaited} deliveries`));
    seen = handled;
  }, STALLED_MS);
  return {
    handle: async (subscriber, { n }) => {
      if (next[subscriber] !== n) wrong += 1;
      next[subscriber] = n + 1;
      handled += 1;
      if (handled === awaited) waiting.resolve();
    },
    until: (end) => {
      waiting = deferred();
      awaited = end * subscribers;
      if (handled === awaited) waiting.resolve();
      return waiting.promise;
    },
    check: (contender) => {
      if (wrong === 0 && handled === awaited) return;
      throw new Error(
        `${contender}: ${handled} deliveries instead of ${awaited}, ${wrong} out of order: its numbers would mean nothing`,
      );
    },
    close: () => clearInterval(watch),
  };
};
