import type { Message, StorageTransport } from '@dagger/pubsub';

/** Messages that are read at a time. */
const PAGE = 1_000;

/** The payloads of the messages of a channel or pattern, the first one first, with their messages. */
export async function* stored<P>(
  transport: StorageTransport,
  channel: string,
): AsyncGenerator<Message<P>, void, undefined> {
  for (let after = -1; ;) {
    const page = await transport.messages({ channel, after, limit: PAGE });
    for (const { message } of page) yield message as Message<P>;
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    after = last.offset;
  }
}
