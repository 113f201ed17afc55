import type { JsonObject } from '../json.ts';
import type { RunEvent } from '../run/events.ts';

/** Results that may be used by later runs, written together with the events that produced them. */
export interface MemoWrite {
  readonly key: string;
  readonly action: string;
  /** The graph and the node that it comes from. */
  readonly node: string;
  /** What the key was made of: hashes by name. */
  readonly parts: KeyParts;
  readonly outputs: JsonObject;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
}

/** What the key of a result is made of; values as hashes. */
export interface KeyParts {
  readonly version: string;
  /** The key that the node gives itself, in place of its inputs. */
  readonly custom?: string;
  readonly inputs?: { readonly [name: string]: string };
}

/** Why there is no result of an earlier run to use. */
export type Miss = 'no-result' | 'expired';

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

export type MemoAnswer =
  | { readonly outputs: JsonObject; readonly missed?: undefined }
  | { readonly outputs?: undefined; readonly missed: Miss };

/** Where results for later runs are looked up. */
export interface MemoStore {
  /** @param notBefore milliseconds since the epoch; older results do not count */
  get(key: string, notBefore: number): MemoAnswer | Promise<MemoAnswer>;
  /** Only for stores without a journal; a journal takes them with its events. */
  put?(write: MemoWrite): void;
}
