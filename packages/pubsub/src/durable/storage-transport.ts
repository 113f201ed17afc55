import {
  openStorage,
  silentLogger,
  systemClock,
  type Clock,
  type Logger,
  type Storage,
} from '@dagger/core';
import type { Message } from '../message/message.ts';
import { checkPattern } from '../subject/subject.ts';
import type { TraceEntry } from '../trace/entry.ts';
import type {
  Delivery,
  Hold,
  HoldStore,
  StartFrom,
  SubscribeOptions,
  Transport,
  TransportFeatures,
  TransportSubscription,
} from '../transport/transport.ts';
import { rewind } from './catch-up.ts';
import { Dispatcher } from './dispatcher.ts';
import { countReplayed } from './group-status.ts';
import { groupUnknown } from './group-unknown.ts';
import { findHold, readHolds } from './holds.ts';
import { Inspection } from './inspection.ts';
import { pubsubMigrations } from './migrations.ts';
import { patiently } from './patience.ts';
import { pruneMessages, type PruneOptions } from './prune.ts';
import { countPending, readMessages, type MessageFilter } from './readings.ts';
import { redrive, type Redriven } from './redrive.ts';
import type { RemoveGroupOptions } from './remove-group.ts';
import type { StoredMessage } from './stored-message.ts';

export interface StorageTransportOptions {
  /** A storage that is open, which stays so; or the URL of one. */
  readonly storage: Storage | string;
  readonly clock?: Clock | undefined;
  readonly logger?: Logger | undefined;
  /** Messages that no group needs any more are kept as long as this says. Default: for ever. */
  readonly retention?: { readonly messages?: number; readonly days?: number } | undefined;
  /** Milliseconds between two looks for what others published and could not tell. Default 500. */
  readonly pollMs?: number | undefined;
}

const DEFAULT_POLL = 500;

/**
 * Channels in a database, for any number of processes. See `Transport` for what it promises.
 *
 * - Messages stay until they are pruned; a group has a delivery for each of its messages until it is acknowledged.
 * - An acknowledgement and the outputs that go with it are one transaction. Of a delivery that was taken over meanwhile it
 *   rejects with DELIVERY_LOST, and the outputs are not published.
 * - A message whose id is there already is not published again.
 * - What a process had that died is delivered to another one: at once on the same host, else when its lease of 7 seconds ends.
 */
export class StorageTransport implements Transport, AsyncDisposable {
  readonly name = 'storage';
  readonly features: TransportFeatures = {
    durable: true,
    atomic: true,
    shared: true,
    replay: true,
  };
  /** Messages that wait for people: they are published when somebody lets them through. */
  readonly holds: HoldStore;
  /** Looks at groups, channels, messages and dead letters. */
  readonly inspect: Inspection;
  readonly #storage: Storage;
  readonly #isOwn: boolean;
  readonly #clock: Clock;
  readonly #dispatcher: Dispatcher;
  #closing: Promise<void> | undefined;

  private constructor(storage: Storage, options: StorageTransportOptions) {
    const { clock = systemClock, logger = silentLogger, pollMs = DEFAULT_POLL } = options;
    const { messages: maxMessages, days: maxAgeDays } = options.retention ?? {};
    const retention = options.retention === undefined ? undefined : { maxMessages, maxAgeDays };
    this.#storage = storage;
    this.#isOwn = typeof options.storage === 'string';
    this.#clock = clock;
    this.#dispatcher = new Dispatcher({ storage, clock, logger, pollMs, retention });
    const mustBeOpen = (): void => this.#dispatcher.mustBeOpen();
    this.holds = {
      list: async () => {
        mustBeOpen();
        return readHolds(storage);
      },
      find: async (messageId) => {
        mustBeOpen();
        return findHold(storage, messageId);
      },
      release: (messageId, messages) => this.#dispatcher.release(messageId, messages),
    };
    this.inspect = new Inspection(storage, clock, mustBeOpen);
  }

  /** @throws DaggerError STORAGE_URL, STORAGE_MISSING, STORAGE_FAILED */
  static async open(options: StorageTransportOptions): Promise<StorageTransport> {
    const storage =
      typeof options.storage === 'string' ? await openStorage(options.storage) : options.storage;
    const transport = new StorageTransport(storage, options);
    try {
      await storage.migrate(pubsubMigrations);
      await transport.#dispatcher.begin();
    } catch (error) {
      if (transport.#isOwn) await storage.close();
      throw error;
    }
    return transport;
  }

  // ——— messages ———

  publish(
    messages: readonly Message[],
    signal?: AbortSignal,
    held?: readonly Hold[],
  ): Promise<void> {
    return this.#dispatcher.publish(messages, signal, held);
  }

  /**
   * Says that all who could make room in this process wait for some themselves: if it stays so, and no other process is at
   * work on what there is no room beside, the output that has waited longest is refused with CHANNEL_DEADLOCK.
   * @returns whether any may wait
   */
  relieve(): boolean {
    return this.#dispatcher.relieve();
  }

  async subscribe(
    options: SubscribeOptions,
    deliver: (delivery: Delivery) => void,
  ): Promise<TransportSubscription> {
    this.#dispatcher.mustBeOpen();
    for (const pattern of options.patterns) checkPattern(pattern);
    return this.#dispatcher.join(options, deliver);
  }

  // ——— looking, and looking after it ———

  /** The messages of a causal tree, whoever published them, with the attempts at each. @throws DaggerError BUS_CLOSED */
  trace(correlationId: string): Promise<readonly TraceEntry[]> {
    return this.inspect.trace(correlationId);
  }

  /** Stored messages, in the order of their offsets. @throws DaggerError CHANNEL_INVALID, CONFIG_INVALID, BUS_CLOSED */
  async messages(filter: MessageFilter = {}): Promise<readonly StoredMessage[]> {
    this.#dispatcher.mustBeOpen();
    return readMessages(this.#storage, filter);
  }

  /** Deliveries that are not done, of all groups; of one causal tree where its id is given. @throws DaggerError BUS_CLOSED */
  async pending(correlationId?: string): Promise<number> {
    this.#dispatcher.mustBeOpen();
    return countPending(this.#storage, correlationId);
  }

  /** Deletes messages that no group needs any more. @returns how many. @throws DaggerError BUS_CLOSED */
  async prune(options: PruneOptions): Promise<number> {
    this.#dispatcher.mustBeOpen();
    return pruneMessages(this.#storage, options, this.#clock.now());
  }

  /**
   * Delivers to a group again what was published since, in order and before what follows.
   * @returns how many messages, of those that it was done with or had never received
   * @throws DaggerError GROUP_UNKNOWN, BUS_CLOSED
   */
  async replay(group: string, from: StartFrom): Promise<number> {
    this.#dispatcher.mustBeOpen();
    const count = await countReplayed(this.#storage, group, from);
    const isKnown = await patiently(this.#storage, this.#clock, () =>
      rewind(this.#storage, group, from),
    );
    if (!isKnown) throw await groupUnknown(this.#storage, group);
    await this.#dispatcher.look();
    return count;
  }

  /**
   * Delivers the messages of dead letters again, each to the group that had failed on it and to no other, with its attempts counted
   * anew. A letter is re-driven once: that, and the delivery, are one transaction.
   * @param ids of the letters
   * @returns what became of each, in that order, without repetitions
   * @throws DaggerError STORAGE_FAILED, BUS_CLOSED
   */
  async redrive(ids: readonly string[]): Promise<readonly Redriven[]> {
    this.#dispatcher.mustBeOpen();
    const done = await redrive(this.#storage, this.#clock, ids);
    this.#dispatcher.mayBeReady();
    return done;
  }

  /**
   * Removes a group for good, with what it is not done with: one that nobody reads any more keeps `idle`, `execute` and pruning
   * waiting. Who reads it all the same (`force`) receives nothing from then on: what he has to handle is not his any more
   * (DELIVERY_LOST). Whoever subscribes to the name later makes it anew.
   * @returns how many messages it was not done with
   * @throws DaggerError GROUP_UNKNOWN naming the one that may be meant; GROUP_BUSY while a transport of a process that lives
   * reads it or has messages of it, naming the process; STORAGE_FAILED, BUS_CLOSED
   */
  removeGroup(name: string, options: RemoveGroupOptions = {}): Promise<number> {
    return this.#dispatcher.removeGroup(name, options);
  }

  // ——— the end ———

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    await this.#dispatcher.stop();
    if (this.#isOwn) await this.#storage.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
