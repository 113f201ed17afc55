import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStorage, systemClock, type Clock } from '@dagger/core';
import { sql } from 'kysely';
import { afterEach, beforeEach } from 'vitest';
import type { Message } from '../message/message.ts';
import type { Delivery, SubscribeOptions, TransportSubscription } from '../transport/transport.ts';
import { StorageTransport, type StorageTransportOptions } from './storage-transport.ts';

const SERVER = process.env['DAGGER_TEST_POSTGRES'] ?? 'postgres://postgres@127.0.0.1:5432/test';

/** A place for one test. */
export interface Place {
  readonly url: string;
  remove(): Promise<void>;
}

const onServer = async (statement: string): Promise<void> => {
  const storage = await openStorage(SERVER);
  try {
    await sql.raw(statement).execute(storage.db);
  } finally {
    await storage.close();
  }
};

const serverIsMissing = async (): Promise<boolean> =>
  onServer('select 1').then(
    () => false,
    () => true,
  );

const ownFile = (): Place => {
  const folder = mkdtempSync(join(tmpdir(), 'dagger-pubsub-'));
  return {
    url: `sqlite:${join(folder, 'bus.db')}`,
    remove: async () => rmSync(folder, { recursive: true, force: true }),
  };
};

const ownSchema = (): Place => {
  const schema = `dagger_${randomUUID().replaceAll('-', '')}`;
  const url = new URL(SERVER);
  url.searchParams.set('schema', schema);
  return { url: url.href, remove: () => onServer(`drop schema if exists ${schema} cascade`) };
};

interface Database {
  readonly name: string;
  readonly own: () => Place;
  readonly isMissing: boolean;
}

/** The databases on which everything is tested. */
export const databases: readonly Database[] = [
  { name: 'SQLite', own: ownFile, isMissing: false },
  { name: 'PostgreSQL', own: ownSchema, isMissing: await serverIsMissing() },
];

/** The place of a test, and what it opened there. */
export interface OwnPlace {
  readonly url: string;
  readonly open: (options?: Partial<StorageTransportOptions>) => Promise<StorageTransport>;
  /** Closed with the test. */
  closes<T extends { close(): Promise<void> }>(opened: T): T;
}

/** A place of its own for each test of the suite, skipped where the database is missing; everything is closed and removed. */
export const placeForEach = ({ own, isMissing }: Database): OwnPlace => {
  let place: Place;
  let opened: { close(): Promise<void> }[] = [];
  beforeEach((context) => {
    context.skip(isMissing, 'no server answers');
    place = own();
  });
  afterEach(async () => {
    await Promise.all(opened.map((each) => each.close()));
    opened = [];
    await place.remove();
  });
  const closes: OwnPlace['closes'] = (each) => {
    opened.push(each);
    return each;
  };
  return {
    get url() {
      return place.url;
    },
    open: async (options) => closes(await openAt(place.url, options)),
    closes,
  };
};

let made = 0;

export const message = (channel: string, fields: Partial<Message> = {}): Message => {
  const id = fields.id ?? `m-${made++}-${randomUUID()}`;
  return Object.freeze({
    id,
    channel,
    source: null,
    time: systemClock.now(),
    payload: null,
    headers: {},
    causationId: null,
    correlationId: id,
    hops: 0,
    key: null,
    traceparent: null,
    ...fields,
  });
};

/** Messages whose payloads are the numbers from 0 on. */
export const numbered = (channel: string, count: number): Message[] =>
  Array.from({ length: count }, (_, i) => message(channel, { payload: i }));

export const ids = (messages: readonly Message[]): string[] => messages.map(({ id }) => id);

export const payloads = (deliveries: readonly Delivery[]): unknown[] =>
  deliveries.map((each) => each.message.payload);

/** One who receives, and those who wait for him to have received enough. */
export class Receiver {
  readonly got: Delivery[] = [];
  readonly dropped: Message[] = [];
  subscription: TransportSubscription | undefined;
  #waiters: { readonly count: number; readonly done: () => void }[] = [];

  take(delivery: Delivery): void {
    this.got.push(delivery);
    for (const { done } of this.#waiters.filter(({ count }) => this.got.length >= count)) done();
    this.#waiters = this.#waiters.filter(({ count }) => this.got.length < count);
  }

  async received(count: number): Promise<readonly Delivery[]> {
    if (this.got.length < count)
      await new Promise<void>((done) => this.#waiters.push({ count, done }));
    return this.got;
  }
}

export const listen = async (
  transport: StorageTransport,
  pattern: string,
  {
    onDelivery,
    ...options
  }: Partial<SubscribeOptions> & { readonly onDelivery?: (delivery: Delivery) => void } = {},
): Promise<Receiver> => {
  const receiver = new Receiver();
  receiver.subscription = await transport.subscribe(
    {
      patterns: [pattern],
      group: 'group',
      from: 'new',
      maxInFlight: 100,
      capacity: 100_000,
      overflow: 'block',
      exceptFrom: new Set(),
      dropped: (each) => receiver.dropped.push(each),
      ...options,
    },
    (delivery) => {
      receiver.take(delivery);
      onDelivery?.(delivery);
    },
  );
  return receiver;
};

export const acknowledge = (delivery: Delivery): void => void delivery.ack([]);

/** A clock by which the transport never does anything by itself: as if its process hung. */
export const stoppedTimers: Clock = { now: () => systemClock.now(), after: () => () => {} };

/** A clock that is ahead: for whoever has it, the leases of others are over. */
export const ahead = (ms: number): Clock => ({
  now: () => systemClock.now() + ms,
  after: (wait, wake) => systemClock.after(wait, wake),
});

export const openAt = (
  url: string,
  options: Partial<StorageTransportOptions> = {},
): Promise<StorageTransport> => StorageTransport.open({ storage: url, pollMs: 50, ...options });

/** Waits until something is so. */
export const until = async (isSo: () => boolean | Promise<boolean>): Promise<void> => {
  while (!(await isSo())) await new Promise<void>((done) => void systemClock.after(10, done));
};

/** The code with which something is refused; undefined when it is not. */
export const codeOf = async (work: Promise<void> | void): Promise<unknown> => {
  try {
    await work;
    return undefined;
  } catch (error) {
    return (error as { readonly code?: unknown }).code;
  }
};
