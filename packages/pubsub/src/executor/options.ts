import type { Clock, HumanTimeoutAction, Ids, Logger, RetryPolicy } from '@dagger/core';
import type { AnyPubSubAgent } from '../agent/agent.ts';
import type { Middleware } from '../middleware/middleware.ts';
import type { StartFrom, Transport } from '../transport/transport.ts';
import type { BusEvent } from './events.ts';

/** What one causal tree, from its first message on, may use; what exceeds it stops the tree, and nothing else. */
export interface TreeLimits {
  /** Messages in all. Default 10,000. */
  readonly maxMessages?: number | undefined;
  /** How far a message may stand from the first one. Default 100. */
  readonly maxHops?: number | undefined;
  /** Tokens that agents report by `useTokens`. Default: no limit. */
  readonly maxTokens?: number | undefined;
  /** Seconds from the first message on. Default 3,600. */
  readonly timeout?: number | undefined;
}

/** Messages of a channel wait for a person before anybody receives them. */
export interface ReviewOptions {
  /** Seconds to wait. Default: without end. */
  readonly wait?: number | undefined;
  /** After that: `autopilot` lets the message through, `pause` (the default) goes on waiting and tells so. */
  readonly onTimeout?: HumanTimeoutAction | undefined;
}

/** Settings of the channels that match a name or pattern. */
export interface ChannelOptions {
  readonly review?: ReviewOptions | undefined;
}

export interface PubSubOptions {
  readonly agents?: readonly AnyPubSubAgent[] | undefined;
  /** By name or pattern; the first that matches counts. */
  readonly channels?: Readonly<Record<string, ChannelOptions>> | undefined;
  readonly limits?: TreeLimits | undefined;
  /** For agents that say nothing. Default: 3 attempts, exponential from 2 s to 60 s. */
  readonly retry?: RetryPolicy | undefined;
  /** Seconds for one attempt of an agent that says nothing. Default: no limit beside that of the tree. */
  readonly timeout?: number | undefined;
  /** Around every handler, the first outermost. */
  readonly middleware?: readonly Middleware[] | undefined;
  /** Default: in memory. */
  readonly transport?: Transport | undefined;
  /** Where a group that a durable transport does not know yet begins to read. Default `new`. */
  readonly from?: StartFrom | undefined;
  /** Messages that are kept for `trace`, the oldest trees forgotten first. Default 10,000; false keeps none. */
  readonly trace?: number | false | undefined;
  /** Called for each of `bus.events`, from before the agents join: they may have something to do at once. What it throws is dropped. */
  readonly onEvent?: ((event: BusEvent) => void) | undefined;
  readonly appData?: unknown;
  readonly clock?: Clock | undefined;
  readonly ids?: Ids | undefined;
  readonly logger?: Logger | undefined;
}
