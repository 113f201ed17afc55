import type { JsonObject } from '../json.ts';
import type { RunEvent } from '../run/events.ts';

/** Results that may be used by later runs, written together with the events that produced them. */
export interface MemoWrite {
  readonly key: string;
  readonly action: string;
  readonly outputs: JsonObject;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
}

/** What commits together with a group of events. */
export interface Beside {
  readonly memos: readonly MemoWrite[];
  /** Messages of the inbox that the group carries out. */
  readonly taken: readonly string[];
}

/**
 * Where the events of one run go. `append` resolves once the events are durable; nothing that follows from an event
 * happens before that. Every write carries the fencing number of the owner.
 */
export interface RunJournal {
  /** @throws DaggerError RUN_LOST when another process took the run over */
  append(events: readonly RunEvent[], beside: Beside): Promise<void>;
  /** Like `append`, and gives up the ownership; the last event is `RunFinished`. */
  finish(events: readonly RunEvent[], beside: Beside): Promise<void>;
  /** The outputs of a completed node, for a cache that had to drop them. */
  outputsOf(n: number): Promise<JsonObject | undefined>;
  /** Stops the heartbeat without giving up the ownership. */
  close(): void;
}

/** Where results for later runs are looked up. */
export interface MemoStore {
  /** @param notBefore milliseconds since the epoch; older results do not count */
  get(key: string, notBefore: number): JsonObject | undefined | Promise<JsonObject | undefined>;
  /** Only for stores without a journal; a journal takes them with its events. */
  put?(write: MemoWrite): void;
}
