import type { CoreTables, Storage } from '@dagger/core';
import type { Generated, Kysely } from 'kysely';

/** The tables of channels. Times are milliseconds since the Unix epoch, JSON is text. */
export interface PubSubTables extends CoreTables {
  readonly dagger_pubsub_messages: MessageRow;
  readonly dagger_pubsub_groups: GroupRow;
  readonly dagger_pubsub_deliveries: DeliveryRow;
  readonly dagger_pubsub_workers: WorkerRow;
  readonly dagger_pubsub_members: MemberRow;
  readonly dagger_pubsub_state: StateRow;
  readonly dagger_pubsub_holds: HoldRow;
  readonly dagger_pubsub_attempts: AttemptRow;
}

/** A message that was published. */
export interface MessageRow {
  /** Its offset: grows with each message, with gaps. */
  readonly seq: Generated<number>;
  readonly id: string;
  readonly channel: string;
  readonly source: string | null;
  readonly time: number;
  readonly payload: string;
  /** Null where there are none. */
  readonly headers: string | null;
  readonly causation_id: string | null;
  readonly correlation_id: string;
  readonly hops: number;
  /** As JSON, since PostgreSQL has no texts with the character 0. */
  readonly key: string | null;
  readonly traceparent: string | null;
  /** Of a dead letter, when its message was delivered again to the group that had failed on it. */
  readonly redriven_at: Generated<number | null>;
}

export interface GroupRow {
  readonly id: Generated<number>;
  readonly name: string;
  /** A JSON list. */
  readonly patterns: string;
  /** A JSON list. */
  readonly except_from: string;
  readonly capacity: number;
  /** An `Overflow`. */
  readonly overflow: string;
  /**
   * The offset up to which its deliveries were made; null: all of them, and whoever publishes makes those that follow. Until
   * then its members make them, piece by piece.
   */
  readonly position: number | null;
  readonly created_at: number;
}

/** A message that a group is not done with. */
export interface DeliveryRow {
  readonly group_id: number;
  readonly seq: number;
  /** 0 ready, 1 leased, 2 ready at `run_at`. */
  readonly state: number;
  /** How often it was claimed. Whoever acknowledges shows it. */
  readonly attempt: number;
  readonly run_at: number;
  readonly worker: number | null;
}

/** A transport with subscriptions. */
export interface WorkerRow {
  readonly id: Generated<number>;
  /** `host#pid#start#nonce` */
  readonly owner: string;
  /** Presumed dead after this. */
  readonly lease_until: number;
}

/** A transport that reads a group. */
export interface MemberRow {
  readonly group_id: number;
  readonly worker: number;
}

/** One row. */
export interface StateRow {
  readonly id: number;
  /** Grows whenever a group changes. */
  readonly version: number;
}

/**
 * A message that waits for a person, and is not published yet. One that was let through is a message like others and stands here no
 * more; one that was not, or that another went on for, stays for the trace.
 */
export interface HoldRow {
  readonly id: string;
  readonly correlation_id: string;
  /** The whole message, as JSON. */
  readonly message: string;
  readonly since: number;
  readonly due_at: number | null;
  /** `autopilot` or `pause` */
  readonly on_timeout: string;
  /** When somebody decided; null: it waits. */
  readonly ended_at: number | null;
}

/** What became of one attempt at a message. */
export interface AttemptRow {
  readonly seq: number;
  readonly agent: string;
  readonly attempt: number;
  /** 0 done, 1 failed, 2 dead, 3 stopped. */
  readonly status: number;
  readonly error: string | null;
  readonly started_at: number;
  readonly duration_ms: number;
}

/** The database of a storage with the tables of channels. */
export const tables = (storage: Storage): Kysely<PubSubTables> => storage.db;
