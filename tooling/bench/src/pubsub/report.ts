import type { SuiteDocument } from '../suite.ts';
import type { BusName } from './contender.ts';
import type { BusRole } from './contenders.ts';
import type { DurableRow } from './durable/report.ts';
import type { NatsRow } from './nats/report.ts';

/** Everything that `bench pubsub` found; the tables are drawn from it and `--json` prints it. */
export interface PubSubReport extends SuiteDocument {
  readonly suite: 'pubsub';
  readonly rows: readonly PubSubRow[];
  /** By the number of subscribers. */
  readonly validation: Readonly<Record<number, Validation>>;
  /** Channels in a database. */
  readonly durable: readonly DurableRow[];
  /** Channels in a stream of NATS. */
  readonly nats: readonly NatsRow[];
}

export interface PubSubRow {
  readonly name: BusName;
  readonly role: BusRole;
  /** By the number of subscribers. */
  readonly streams: Readonly<Record<number, Speed | Skipped>>;
  /** By the number of messages that wait at a time, for one subscriber. */
  readonly backlogs: Readonly<Record<number, Speed | Skipped>>;
  readonly memory: Memory | Skipped;
}

/** dagger without and with a schema, measured in turns. */
export interface Validation {
  readonly plain: Speed | Skipped;
  readonly checked: Speed | Skipped;
}

export interface Speed {
  /** Publications per second, until every subscriber has handled all of them. */
  readonly messagesPerSecond: number;
  readonly messages: number;
  readonly rounds: number;
}

export interface Memory {
  /** Of a process that has loaded and opened it, with one subscriber. */
  readonly openBytes: number;
  /** For each message that waits, the payload included. */
  readonly bytesPerMessage: number;
  readonly messages: number;
}

export interface Skipped {
  readonly skipped: string;
}

export const isSkipped = (result: object): result is Skipped => 'skipped' in result;
