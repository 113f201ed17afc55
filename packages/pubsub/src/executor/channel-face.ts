import type { JsonValue } from '@dagger/core';
import type { Observable } from 'rxjs';
import type { Headers, Message } from '../message/message.ts';

export interface PublishOptions {
  readonly headers?: Headers | undefined;
  /** Messages of one key are handled in order. */
  readonly key?: string | null | undefined;
  /**
   * The id of the message, 1 to 200 characters without control characters, for those who may publish it again. A durable transport
   * keeps one message of an id, NATS within its `dedupeWindowSeconds`; in memory each is a message. Default: one that is new.
   */
  readonly id?: string | undefined;
  /** Gives up waiting for room. */
  readonly signal?: AbortSignal | undefined;
}

/** A channel or a pattern of channels, for people and programs that are no agents. */
export interface ChannelFace {
  readonly name: string;
  /** The messages from now on, as an RxJS observable; it holds nobody up and keeps nothing. */
  readonly messages$: Observable<Message>;
  /** @throws DaggerError as `PubSubExecutor.publish` does; CHANNEL_INVALID where the name is a pattern */
  publish(payload: JsonValue, options?: PublishOptions): Promise<Message>;
}
