import type { HumanTimeoutAction } from '@dagger/core';
import type { Overflow } from '../channel/options.ts';
import type { Message } from '../message/message.ts';
import type { TraceAttempt, TraceEntry } from '../trace/entry.ts';

/** A message that waits for a person before anybody receives it. */
export interface Hold {
  readonly message: Message;
  /** Milliseconds since the Unix epoch. */
  readonly since: number;
  /** When it has waited as long as its channel says; null: it may wait without end. */
  readonly dueAt: number | null;
  /** What happens then. */
  readonly onTimeout: HumanTimeoutAction;
}

/** The messages that wait for people. */
export interface HoldStore {
  /** Those that have waited longest first. */
  list(): Promise<readonly Hold[]>;
  find(messageId: string): Promise<Hold | undefined>;
  /**
   * Ends the waiting of a message, and publishes what goes on in its place: both or neither.
   * @returns false where somebody else has ended it, and nothing is published
   */
  release(messageId: string, messages: readonly Message[]): Promise<boolean>;
}

/** What goes down with an acknowledgement, beside the outputs. */
export interface Settlement {
  /** Outputs that a person has to see first. For transports that keep holds. */
  readonly held?: readonly Hold[] | undefined;
  /** Attempts of the receiver that have come to their end, for transports that keep the trace. */
  readonly attempts?: readonly TraceAttempt[] | undefined;
}

/**
 * One message for one group.
 *
 * - Until `ack` or `nack` is called it is the receiver's; a receiver that is gone is seen by the transport, which delivers it again.
 * - Calling either a second time does nothing.
 */
export interface Delivery {
  readonly message: Message;
  /** How often it has been delivered to this group, this time included, as far as the transport knows. */
  readonly attempt: number;
  /**
   * The message is done for this group. `outputs` are published with that: both or neither where the transport is atomic, else
   * first the outputs. Resolves when that is durable. Rejects when it could not be done: then the message is delivered again.
   */
  ack(outputs: readonly Message[], settlement?: Settlement): Promise<void> | void;
  /** It is delivered again, not before `delayMs` milliseconds have passed. */
  nack(delayMs: number, settlement?: Pick<Settlement, 'attempts'>): Promise<void> | void;
}

/** Where a group that is new begins to read. */
export type StartFrom =
  | 'new'
  | 'start'
  | { readonly offset: number }
  /** Milliseconds since the Unix epoch. */
  | { readonly time: number };

export interface SubscribeOptions {
  readonly patterns: readonly string[];
  readonly group: string;
  readonly from: StartFrom;
  /** Deliveries that may be under way at the same time. */
  readonly maxInFlight: number;
  readonly capacity: number;
  readonly overflow: Overflow;
  /** Agents whose messages are not for this group. */
  readonly exceptFrom: ReadonlySet<string>;
  /** Called for each message of the group that is dropped for want of room. */
  readonly dropped: (message: Message) => void;
}

export interface TransportSubscription {
  /** No delivery begins after the call; those under way may still be acknowledged. */
  stop(): Promise<void>;
}

/** What a transport can do; the conformance suite asks before it tests. */
export interface TransportFeatures {
  /** Messages outlive the process. */
  readonly durable: boolean;
  /** `ack` with outputs is one step. */
  readonly atomic: boolean;
  /** Several processes share the channels. */
  readonly shared: boolean;
  /** A new group can read what was published before it. */
  readonly replay: boolean;
}

/**
 * Carries messages from those who publish to the groups that subscribed.
 *
 * - Each group receives each message of its patterns at least once; a group that is there is never passed over.
 * - Messages of one publisher are delivered to a group in the order in which they were published, unless redelivered.
 * - `publish` of several messages: all or none.
 * - Closing is idempotent, waits for nobody's acknowledgement, and what is not acknowledged is delivered again by a durable one.
 */
export interface Transport {
  readonly name: string;
  readonly features: TransportFeatures;
  /**
   * Resolves when the messages are durable, or there is room for them.
   * @param held what a person has to see first, for transports that keep holds
   * @throws DaggerError CHANNEL_FULL, BUS_CLOSED
   */
  publish(
    messages: readonly Message[],
    signal?: AbortSignal,
    held?: readonly Hold[],
  ): Promise<void> | void;
  subscribe(
    options: SubscribeOptions,
    deliver: (delivery: Delivery) => void,
  ): Promise<TransportSubscription>;
  /**
   * Messages that some group is not done with, of one tree or of all. Where channels are shared nobody else knows when a tree has
   * come to its end; a transport that cannot tell leaves that to what this process sees.
   */
  pending?(correlationId?: string): Promise<number>;
  /** Where messages wait for people. Without it the bus keeps them in memory. */
  readonly holds?: HoldStore | undefined;
  /** The messages of a tree with what was done with each, as far as they are kept. Without it the bus keeps them in memory. */
  trace?(correlationId: string): Promise<readonly TraceEntry[]>;
  /**
   * Says that all who could make room in this process wait for some themselves: the output that has waited longest is refused with
   * CHANNEL_DEADLOCK, where nobody else can make room either.
   * @returns whether any may wait
   */
  relieve?(): boolean;
  /** A message of a tree that waits here. For transports within this process. */
  find?(correlationId: string): Message | undefined;
  close(): Promise<void>;
}
