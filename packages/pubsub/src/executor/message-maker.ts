import type { Ids } from '@dagger/core';
import { isTraceparent } from '../documents/traceparent.ts';
import type { Headers, Message } from '../message/message.ts';
import type { CoarseTime } from './coarse-time.ts';
import { MessageIds } from './message-ids.ts';
import { OwnMessage, type MessageFields } from './own-message.ts';
import type { Tree } from './tree.ts';

const traceparentIn = (headers: Headers): string | null => {
  const found = headers['traceparent'];
  return found !== undefined && isTraceparent(found) ? found : null;
};

/** Makes messages: what whoever publishes does not give is true whatever he does. */
export class MessageMaker {
  readonly #ids: MessageIds;
  readonly #time: CoarseTime;

  constructor(ids: Ids, time: CoarseTime) {
    this.#ids = new MessageIds(ids);
    this.#time = time;
  }

  /** A message from outside: the first of a tree. */
  first(fields: MessageFields): OwnMessage {
    const { headers } = fields;
    const time = this.#time.now();
    const traceparent = headers === undefined ? null : traceparentIn(headers);
    const id = fields.id ?? this.#ids.next();
    return new OwnMessage(fields, id, time, traceparent, undefined);
  }

  /** A message that another one caused. */
  caused(cause: Message, tree: Tree, fields: MessageFields): Message {
    const id = this.#ids.next();
    const message = new OwnMessage(fields, id, this.#time.now(), cause.traceparent, cause);
    OwnMessage.join(message, tree);
    return message;
  }
}
