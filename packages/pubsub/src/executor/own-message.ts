import type { JsonValue } from '@dagger/core';
import type { Headers, Message } from '../message/message.ts';
import type { Tree } from './tree.ts';

const NO_HEADERS: Headers = Object.freeze({});

/** What differs from message to message. */
export interface MessageFields {
  readonly channel: string;
  readonly payload: JsonValue;
  readonly source: string | null;
  readonly headers?: Headers | undefined;
  readonly key?: string | null | undefined;
  /** Of the first message of a tree, where whoever publishes it gives one. */
  readonly id?: string | undefined;
}

/**
 * A message that this process made. It knows its tree, which is quicker than looking for it; one that nobody has begun to handle
 * has none, but for the number of groups that will.
 */
export class OwnMessage implements Message {
  // Declared only: the constructor gives them their values, and a field that is defined as well is written twice.
  declare readonly id: string;
  declare readonly channel: string;
  declare readonly source: string | null;
  declare readonly time: number;
  declare readonly payload: JsonValue;
  declare readonly headers: Headers;
  declare readonly causationId: string | null;
  declare readonly correlationId: string;
  declare readonly hops: number;
  declare readonly key: string | null;
  declare readonly traceparent: string | null;
  #tree: Tree | undefined;
  #pending = 0;

  constructor(
    { channel, payload, source, headers, key }: MessageFields,
    id: string,
    time: number,
    traceparent: string | null,
    cause: Message | undefined,
  ) {
    this.id = id;
    this.channel = channel;
    this.source = source;
    this.time = time;
    this.payload = payload;
    this.headers = headers === undefined ? NO_HEADERS : Object.freeze({ ...headers });
    if (cause === undefined) {
      this.causationId = null;
      this.correlationId = id;
      this.hops = 0;
      this.key = key ?? null;
    } else {
      this.causationId = cause.id;
      this.correlationId = cause.correlationId;
      this.hops = cause.hops + 1;
      this.key = key === undefined ? cause.key : key;
    }
    this.traceparent = traceparent;
    Object.freeze(this);
  }

  static treeOf(message: Message): Tree | undefined {
    return #tree in message ? message.#tree : undefined;
  }

  static join(message: Message, tree: Tree): void {
    if (#tree in message) message.#tree = tree;
  }

  /** Nothing of its tree is left, and nobody asks for it any more. */
  static leave(message: Message): void {
    if (!(#tree in message)) return;
    message.#tree = undefined;
    message.#pending = 0;
  }

  /** Deliveries that have not come to their end, of a message without a tree. */
  static pendingOf(message: Message): number {
    return #tree in message ? message.#pending : 0;
  }

  static await(message: OwnMessage, deliveries: number): void {
    message.#pending = deliveries;
  }

  /** Whether it was published without a tree, and nobody has asked for that. */
  static isBare(message: Message): boolean {
    return #tree in message && message.#tree === undefined && message.#pending > 0;
  }

  /** A delivery of a message without a tree has come to its end. */
  static settle(message: Message): void {
    if (#tree in message) message.#pending--;
  }
}
