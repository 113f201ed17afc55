import { randomUUID } from 'node:crypto';
import type {
  Delivery,
  Message,
  SubscribeOptions,
  Transport,
  TransportSubscription,
} from '@dagger/pubsub';
import { onTestFinished } from 'vitest';
import { natsTransport, type NatsOptions, type NatsTransport } from '../src/index.ts';
import { deleteStream, SERVER } from './server.ts';

/** A stream and a prefix that nobody else uses; deleted when the test has finished. */
export const unusedStream = (): { stream: string; prefix: string } => {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  onTestFinished(() => deleteStream(name));
  return { stream: name, prefix: name };
};

export const opened = async (options: NatsOptions): Promise<NatsTransport> => {
  const transport = await natsTransport({ servers: SERVER, ...options });
  onTestFinished(() => transport.close());
  return transport;
};

let made = 0;

export const message = (fields: Partial<Message> = {}): Message => {
  const id = fields.id ?? `${randomUUID()}-${made++}`;
  return {
    id,
    channel: 'work',
    source: null,
    time: 1_700_000_000_000,
    payload: made,
    headers: {},
    causationId: null,
    correlationId: id,
    hops: 0,
    key: null,
    traceparent: null,
    ...fields,
  };
};

/** What a member of a group receives, and until when. */
export class Inbox {
  readonly deliveries: Delivery[] = [];
  readonly ids: Set<string> = new Set();
  readonly #handle: (delivery: Delivery) => unknown;
  #waiting: { readonly isThere: () => boolean; readonly resolve: () => void }[] = [];

  /** By default everything is acknowledged. */
  constructor(handle: (delivery: Delivery) => unknown = (delivery) => delivery.ack([])) {
    this.#handle = handle;
  }

  get messages(): Message[] {
    return this.deliveries.map((delivery) => delivery.message);
  }

  get payloads(): unknown[] {
    return this.messages.map(({ payload }) => payload);
  }

  readonly take = (delivery: Delivery): void => {
    this.deliveries.push(delivery);
    this.ids.add(delivery.message.id);
    // What a handler throws the test sees in what it did not do.
    void Promise.resolve(this.#handle(delivery)).catch(() => {});
    const there = this.#waiting.filter(({ isThere }) => isThere());
    this.#waiting = this.#waiting.filter((each) => !there.includes(each));
    for (const { resolve } of there) resolve();
  };

  until(isThere: () => boolean): Promise<void> {
    if (isThere()) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ isThere, resolve }));
  }

  untilCount(count: number): Promise<void> {
    return this.until(() => this.deliveries.length >= count);
  }
}

export const join = (
  transport: Transport,
  inbox: Inbox,
  options: Partial<SubscribeOptions> = {},
): Promise<TransportSubscription> =>
  transport.subscribe(
    {
      patterns: ['work'],
      group: 'group',
      from: 'new',
      maxInFlight: 16,
      capacity: 1_024,
      overflow: 'block',
      exceptFrom: new Set(),
      dropped: () => {},
      ...options,
    },
    inbox.take,
  );
