/** The tables of core. Times are milliseconds since the Unix epoch, JSON is text. */
export interface CoreTables {
  readonly dagger_definitions: DefinitionRow;
  readonly dagger_runs: RunRow;
  readonly dagger_journal: JournalRow;
  readonly dagger_memo: MemoRow;
  readonly dagger_inbox: InboxRow;
  readonly dagger_blobs: BlobRow;
  readonly dagger_blob_parts: BlobPartRow;
  readonly dagger_blob_refs: BlobRefRow;
  readonly dagger_snapshots: SnapshotRow;
  readonly dagger_durations: DurationsRow;
}

/** The status of a run whose rows are being deleted; for everybody else it is gone. */
export const DELETED = 'deleted';

/** A graph, stored once however many runs use it. */
export interface DefinitionRow {
  /** SHA-256 of the body. */
  readonly hash: string;
  readonly body: string;
}

export interface RunRow {
  readonly id: string;
  readonly dag: string;
  readonly definition_hash: string;
  /** A `RunStatus`; `running` also after a crash, until somebody resumes it. Or `DELETED`. */
  readonly status: string;
  /** The cache as it was when the run began, inputs included: JSON, or `sha256:` and the hash of a large value. */
  readonly cache: string;
  readonly config: string;
  readonly created_at: number;
  readonly finished_at: number | null;
  readonly error: string | null;
  /** Nodes per status when the run last ended, as JSON. */
  readonly counts: string | null;
  /** Who may write: `host#pid#start#nonce`; null when nobody runs it. */
  readonly owner: string | null;
  /** Grows with each change of owner; every write carries it. */
  readonly fence: number;
  /** The owner is presumed dead after this. */
  readonly lease_until: number;
  /** The run that this one was forked from, and the node from which on it differs. */
  readonly parent_run: string | null;
  readonly parent_node: string | null;
}

/** A group of events that were committed together. */
export interface JournalRow {
  readonly run_id: string;
  /** The sequence number of the first event of the group; the first of a run is 1. */
  readonly seq: number;
  /** A JSON list that `codec.ts` describes. */
  readonly body: string;
}

/** A result that later runs may use. */
export interface MemoRow {
  readonly key: string;
  readonly action: string;
  /** JSON, or `sha256:` and the hash of a large value. */
  readonly outputs: string;
  readonly created_at: number;
  /** The node that made it. */
  readonly node: string | null;
  /** What the key was made of, to explain later why it was missed: JSON, hashes by name. */
  readonly parts: string | null;
}

/** A command for a run from outside of the process that owns it. Deleted in the commit that carries it out. */
export interface InboxRow {
  /** Sorts by arrival. */
  readonly id: string;
  readonly run_id: string;
  readonly at: number;
  /** A command as JSON. */
  readonly body: string;
}

/** A large value, stored once under the SHA-256 of its JSON. */
export interface BlobRow {
  readonly hash: string;
  /** How the parts are to be read: `json` (UTF-8) or `deflate` (UTF-8 in raw deflate). */
  readonly encoding: string;
  /** Of the JSON. */
  readonly bytes: number;
  readonly parts: number;
}

export interface BlobPartRow {
  readonly hash: string;
  /** From 0. */
  readonly part: number;
  readonly body: Uint8Array;
}

/** Which runs keep a large value alive, and which results for later runs. */
export interface BlobRefRow {
  /** The id of a run, or `memo:` and the key of a result. */
  readonly run_id: string;
  readonly hash: string;
}

/** The state and the cache of a run after the event `seq`, compressed JSON. */
export interface SnapshotRow {
  readonly run_id: string;
  readonly seq: number;
  readonly at: number;
  readonly body: Uint8Array;
}

/** How long the nodes of a graph took in earlier runs, as JSON. */
export interface DurationsRow {
  readonly dag: string;
  readonly body: string;
}
