/** The tables of core. Times are milliseconds since the Unix epoch, JSON is text. */
export interface CoreTables {
  readonly dagger_definitions: DefinitionRow;
  readonly dagger_runs: RunRow;
  readonly dagger_journal: JournalRow;
  readonly dagger_memo: MemoRow;
}

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
  /** A `RunStatus`; `running` also after a crash, until somebody resumes it. */
  readonly status: string;
  /** The cache as it was when the run began, inputs included. */
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
  readonly outputs: string;
  readonly created_at: number;
}
