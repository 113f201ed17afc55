import type { JsonValue, NodeLogger } from '@dagger/core';
import type { Headers } from '../message/message.ts';

export interface OutgoingOptions {
  readonly headers?: Headers | undefined;
  /** Messages of one key are handled in order. Default: the key of the message that is being handled. */
  readonly key?: string | null | undefined;
}

/** What an agent sees beside its message. */
export interface PubSubContext<O = JsonValue> {
  /** The name of the agent. */
  readonly agent: string;
  /** From 1. */
  readonly attempt: number;
  /** Aborted when the attempt times out, or its tree was stopped. */
  readonly signal: AbortSignal;
  readonly log: NodeLogger;
  /** What the executor was opened with. */
  readonly appData: unknown;
  /**
   * Publishes a message when this attempt has ended well.
   * @throws DaggerError MESSAGE_INVALID naming the channel, the path and the value (an attempt that it fails is tried again, since
   * the agent may do better then); CHANNEL_INVALID; NOT_JSON; CHANNEL_NOT_ALLOWED where the channel is not among the agent's
   * publications; LIMIT_REACHED
   */
  publish(channel: string, payload: O, options?: OutgoingOptions): void;
  /** Adds tokens to those that the tree of this message has used. */
  useTokens(tokens: number): void;
  /**
   * Called once when this attempt has come to its end: with true when its message is acknowledged and what it published is out,
   * else with false. At once where it has come to its end already. What it throws is logged.
   */
  whenDone(listener: (done: boolean) => void): void;
  /**
   * Waits for what only another attempt brings about, such as a lock, and gives what that gives. Handlers that wait for room know
   * then that this one makes none meanwhile, so that nobody waits for ever.
   */
  waitFor<T>(work: Promise<T>): Promise<T>;
}
