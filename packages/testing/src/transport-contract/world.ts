import type { Delivery, Message, SubscribeOptions, Transport } from '@dagger/pubsub';
import { onTestFinished } from 'vitest';
import { randomUUID } from 'node:crypto';
import type { Ability, TransportContract, TransportPlace } from './contract.ts';

/** A place, with whatever was opened in it closed at the end. */
export const openPlace = async (contract: TransportContract): Promise<TransportPlace> => {
  const place = await contract.place();
  const opened: Transport[] = [];
  onTestFinished(async () => {
    for (const transport of opened) await transport.close();
    await place.remove();
  });
  return {
    async open() {
      const transport = await place.open();
      opened.push(transport);
      return transport;
    },
    remove: () => Promise.resolve(),
  };
};

export const openTransport = async (contract: TransportContract): Promise<Transport> =>
  (await openPlace(contract)).open();

/** Skips a test, with the reason, where what it needs is missing. */
export const need = (ability: Ability, skip: (why: string) => void): void => {
  if (ability !== true) skip(ability.cannot);
};

/** A message from outside. Ids are unique in this process. */
export const messageTo = (
  channel: string,
  payload: Message['payload'],
  more: Partial<Message> = {},
): Message => {
  const id = more.id ?? randomUUID();
  return Object.freeze({
    id,
    channel,
    source: null,
    time: Date.UTC(2030, 0, 1),
    payload,
    headers: {},
    causationId: null,
    correlationId: id,
    hops: 0,
    key: null,
    traceparent: null,
    ...more,
  });
};

/** Many messages to one channel, whose payloads are numbers from 0. */
export const messagesTo = (channel: string, count: number): readonly Message[] =>
  Array.from({ length: count }, (_, n) => messageTo(channel, n));

const DEFAULTS: Omit<SubscribeOptions, 'patterns' | 'group' | 'dropped'> = {
  from: 'new',
  maxInFlight: 10,
  capacity: 10_000,
  overflow: 'block',
  exceptFrom: new Set(),
};

/** What a group received. */
export interface Reader {
  /** In the order of arrival, with those that came twice. */
  readonly arrived: readonly Delivery[];
  /** The payloads of what was acknowledged, each once. */
  readonly payloads: () => readonly unknown[];
  /** How many arrived more than once without having been given back. */
  readonly duplicates: () => number;
  /** Resolves when so many messages have arrived, those that came twice counted once. */
  until(count: number): Promise<void>;
  stop(): Promise<void>;
}

export interface ReaderOptions extends Partial<Omit<SubscribeOptions, 'dropped'>> {
  /** What is done with each; default: it is acknowledged. */
  readonly handle?: (delivery: Delivery) => unknown;
}

/** Subscribes, and acknowledges what arrives. */
export const read = async (
  transport: Transport,
  group: string,
  patterns: string | readonly string[],
  { handle = (delivery) => delivery.ack([]), ...options }: ReaderOptions = {},
): Promise<Reader> => {
  const arrived: Delivery[] = [];
  const ids = new Set<string>();
  const first = new Map<string, number>();
  let waiting: { readonly count: number; readonly resolve: () => void }[] = [];
  const subscription = await transport.subscribe(
    {
      ...DEFAULTS,
      ...options,
      group,
      patterns: typeof patterns === 'string' ? [patterns] : patterns,
      dropped: () => {},
    },
    (delivery) => {
      arrived.push(delivery);
      ids.add(delivery.message.id);
      first.set(
        delivery.message.id,
        Math.max(first.get(delivery.message.id) ?? 0, delivery.attempt),
      );
      void Promise.resolve(handle(delivery)).catch(() => {});
      waiting = waiting.filter(({ count, resolve }) => {
        if (ids.size < count) return true;
        resolve();
        return false;
      });
    },
  );
  return {
    arrived,
    payloads: () => {
      const seen = new Map(arrived.map(({ message }) => [message.id, message.payload]));
      return [...seen.values()];
    },
    duplicates: () =>
      arrived.length - [...first.values()].reduce((all, attempts) => all + attempts, 0),
    until: (count) =>
      ids.size >= count
        ? Promise.resolve()
        : new Promise<void>((resolve) => waiting.push({ count, resolve })),
    stop: () => subscription.stop(),
  };
};

export const numbers = (count: number): readonly number[] =>
  Array.from({ length: count }, (_, n) => n);

export const sorted = (values: readonly unknown[]): readonly unknown[] =>
  (values as readonly number[]).toSorted((a, b) => a - b);
