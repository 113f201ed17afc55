import {
  DaggerError,
  openStorage,
  silentLogger,
  systemClock,
  type Clock,
  type Ids,
  type Logger,
  type Storage,
  type Unsubscribe,
} from '@dagger/core';
import { newOwner } from '@dagger/core/kernel';
import { sql } from 'kysely';
import type { Message } from '../message/message.ts';
import { checkPattern } from '../subject/subject.ts';
import type {
  Delivery,
  StartFrom,
  SubscribeOptions,
  Transport,
  TransportFeatures,
  TransportSubscription,
} from '../transport/transport.ts';
import { Answer } from './answer.ts';
import { TOPIC, type Done } from './batch.ts';
import { catchUp, rewind } from './catch-up.ts';
import type { Demand } from './claim.ts';
import { Commits, type CommitsHost } from './commits.ts';
import { isLost, StorageDelivery, type DeliveryHost } from './delivery.ts';
import { Groups, readGroups } from './groups.ts';
import { registerWorker, removeWorker } from './lease.ts';
import { LocalGroup, type Member } from './member.ts';
import { pubsubMigrations } from './migrations.ts';
import { patiently } from './patience.ts';
import type { Plan, Write } from './plan.ts';
import { pruneMessages, type PruneOptions } from './prune.ts';
import { countPending, readMessages, type MessageFilter } from './readings.ts';
import { Recent } from './recent.ts';
import { Relief } from './relief.ts';
import { registerGroup } from './register.ts';
import { claimKey, type Claim } from './settle.ts';
import type { StoredMessage } from './stored-message.ts';
import { Upkeep, type UpkeepHost } from './upkeep.ts';

export interface StorageTransportOptions {
  /** A storage that is open, which stays so; or the URL of one. */
  readonly storage: Storage | string;
  readonly clock?: Clock | undefined;
  readonly ids?: Ids | undefined;
  readonly logger?: Logger | undefined;
  /** Messages that no group needs any more are kept as long as this says. Default: for ever. */
  readonly retention?: { readonly messages?: number; readonly days?: number } | undefined;
  /** Milliseconds between two looks for what others published and could not tell. Default 500. */
  readonly pollMs?: number | undefined;
}

const DEFAULT_POLL = 500;
/** Milliseconds after which a delivery is given back whose acknowledgement failed, and that nobody cares for. */
const ABANDONED = 120_000;

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
  readonly #storage: Storage;
  readonly #isOwn: boolean;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #commits: Commits;
  readonly #upkeep: Upkeep;
  readonly #relief: Relief;
  readonly #recent: Recent = new Recent();
  readonly #local: Map<number, LocalGroup> = new Map();
  readonly #held: Map<string, StorageDelivery> = new Map();
  readonly #owed: Set<StorageDelivery> = new Set();
  readonly #cancels: Set<() => void> = new Set();
  #groups: Groups = new Groups(0, []);
  #worker: number | undefined;
  #registering: Promise<void> | undefined;
  #unsubscribe: Unsubscribe | undefined;
  #isInDoubt = false;
  #isStarted = false;
  #isClosing = false;
  #closing: Promise<void> | undefined;

  private constructor(storage: Storage, options: StorageTransportOptions) {
    const { clock = systemClock, logger = silentLogger, pollMs = DEFAULT_POLL } = options;
    const { retention } = options;
    this.#storage = storage;
    this.#isOwn = typeof options.storage === 'string';
    this.#clock = clock;
    this.#logger = logger;
    const host: CommitsHost & UpkeepHost = {
      groups: () => this.#groups,
      worker: () => this.#worker,
      version: () => this.#groups.version,
      localGroups: () => [...this.#local.keys()],
      reloadGroups: () => this.#reloadGroups(),
      groupsMayHaveChanged: () => this.#reloadGroups(),
      demands: (over, receiving) => this.#demands(over, receiving),
      recall: (offset) => this.#recent.get(offset),
      committed: (done, plan, demands) => this.#committed(done, plan, demands),
      inDoubt: () => void (this.#isInDoubt = this.#worker !== undefined),
      between: () => this.#between(),
      workerLost: () => this.#workerLost(),
      mayBeReady: (groupId) => this.#mayBeReady(groupId),
      payBack: () => this.#payBack(),
    };
    this.#commits = new Commits({ storage, clock, logger, host });
    this.#relief = new Relief({ storage, clock, commits: this.#commits, worker: host.worker });
    this.#upkeep = new Upkeep({
      storage,
      clock,
      logger,
      pollMs,
      retention:
        retention === undefined
          ? undefined
          : { maxMessages: retention.messages, maxAgeDays: retention.days },
      host,
    });
  }

  /** @throws DaggerError STORAGE_URL, STORAGE_MISSING, STORAGE_FAILED */
  static async open(options: StorageTransportOptions): Promise<StorageTransport> {
    const storage =
      typeof options.storage === 'string' ? await openStorage(options.storage) : options.storage;
    const transport = new StorageTransport(storage, options);
    try {
      await storage.migrate(pubsubMigrations);
      await transport.#reloadGroups();
    } catch (error) {
      if (transport.#isOwn) await storage.close();
      throw error;
    }
    transport.#upkeep.startPruning();
    return transport;
  }

  // ——— publishing ———

  async publish(messages: readonly Message[], signal?: AbortSignal): Promise<void> {
    this.#mustBeOpen();
    if (messages.length === 0) return;
    signal?.throwIfAborted();
    const answer = new Answer();
    const write: Write = {
      delivery: undefined,
      messages,
      settle: (failure) => {
        signal?.removeEventListener('abort', abort);
        answer.settle(failure);
      },
    };
    // What is on its way already is published.
    const abort = (): void => this.#commits.refuse(write, { error: signal?.reason });
    signal?.addEventListener('abort', abort, { once: true });
    this.#commits.write(write);
    await answer.promise;
  }

  /**
   * Says that all who could make room in this process wait for some themselves: if it stays so, and no other process is at
   * work on what there is no room beside, the output that has waited longest is refused with CHANNEL_DEADLOCK.
   * @returns whether any may wait
   */
  relieve(): boolean {
    return this.#relief.ask();
  }

  // ——— receiving ———

  async subscribe(
    options: SubscribeOptions,
    deliver: (delivery: Delivery) => void,
  ): Promise<TransportSubscription> {
    this.#mustBeOpen();
    for (const pattern of options.patterns) checkPattern(pattern);
    const storage = this.#storage;
    await this.#register();
    await patiently(storage, this.#clock, () => registerGroup(storage, options, this.#clock.now()));
    await patiently(storage, this.#clock, () => this.#reloadGroups());
    this.#mustBeOpen();
    const known = this.#groups.named(options.group);
    if (known === undefined)
      throw new DaggerError('STORAGE_FAILED', `group '${options.group}' was removed meanwhile`);
    const group = this.#local.get(known.id) ?? new LocalGroup(known.id, known.name);
    this.#local.set(group.id, group);
    const member: Member = { options, deliver, group, inFlight: 0, isStopped: false };
    group.members.push(member);
    this.#mayBeReady(group.id);
    return {
      stop: async () => {
        group.remove(member);
        if (group.members.length === 0 && this.#local.get(group.id) === group)
          this.#local.delete(group.id);
        // What is claimed right now for nobody goes back.
        if (!this.#isClosing) await this.#commits.settled();
      },
    };
  }

  /** The first subscription makes this transport a worker. */
  async #register(): Promise<void> {
    if (this.#isStarted && this.#worker !== undefined) return;
    await (this.#registering ??= this.#start().finally(() => (this.#registering = undefined)));
  }

  async #start(): Promise<void> {
    const storage = this.#storage;
    this.#worker ??= await patiently(storage, this.#clock, () =>
      registerWorker(storage, newOwner(), this.#clock.now()),
    );
    this.#unsubscribe ??= await storage.subscribe?.(TOPIC, () => this.#mayBeReady());
    if (!this.#isStarted) this.#upkeep.start();
    this.#isStarted = true;
  }

  /** Its claims belong to others now; it goes on as a new worker. */
  #workerLost(): void {
    if (this.#worker === undefined || this.#isClosing) return;
    this.#logger('warn', 'the transport looked dead to others, which have what it had', {
      worker: this.#worker,
    });
    this.#worker = undefined;
    const again = async (): Promise<void> => {
      this.#worker = await registerWorker(this.#storage, newOwner(), this.#clock.now());
      this.#mayBeReady();
    };
    this.#registering ??= patiently(this.#storage, this.#clock, again)
      .catch((error: unknown) => {
        this.#logger('error', 'the transport receives nothing any more', {
          error: error instanceof Error ? error.message : String(error),
        });
      })
      .finally(() => (this.#registering = undefined));
  }

  #mayBeReady(groupId?: number): void {
    if (this.#isClosing) return;
    const groups = groupId === undefined ? this.#local.values() : [this.#local.get(groupId)];
    for (const group of groups) group?.signal();
    this.#commits.ask();
  }

  #demands(over: readonly StorageDelivery[], receiving: ReadonlySet<number>): readonly Demand[] {
    if (this.#worker === undefined || this.#isClosing) return [];
    const demands: Demand[] = [];
    for (const group of this.#local.values()) {
      if (!group.mayBeReady && !receiving.has(group.id) && !isReturnedTo(group, over)) continue;
      let most = group.room;
      for (const { member } of over) if (member.group === group && !member.isStopped) most++;
      if (most === 0) continue;
      group.looked = group.signals;
      demands.push({ groupId: group.id, most });
    }
    return demands;
  }

  #committed(done: Done, { skipped }: Plan, demands: readonly Demand[]): void {
    this.#recent.add(done.published);
    const claimed = new Map<number, number>();
    for (const { groupId } of done.claims) claimed.set(groupId, (claimed.get(groupId) ?? 0) + 1);
    const asked = new Map(demands.map(({ groupId, most }) => [groupId, most]));
    for (const group of this.#local.values()) {
      const most = asked.get(group.id);
      if (most === undefined) group.mayBeReady ||= done.growth.has(group.id);
      else if (!done.isWorkerLost) group.found((claimed.get(group.id) ?? 0) < most);
    }
    for (const { message, groupId } of done.dropped) this.#tellDropped(groupId, message);
    for (const { message, group } of skipped) this.#tellDropped(group.id, message);
    for (const claim of done.claims) this.#took(claim, done.messages.get(claim.offset));
    if (done.isWorkerLost) this.#workerLost();
  }

  #tellDropped(groupId: number, message: Message): void {
    this.#local.get(groupId)?.members[0]?.options.dropped(message);
  }

  #took(claim: Claim, message: Message | undefined): void {
    if (message === undefined) {
      this.#logger('error', 'a message is missing that a group needs', { offset: claim.offset });
      this.#return(claim, this.#clock.now() + ABANDONED);
      return;
    }
    const member = this.#isClosing ? undefined : this.#local.get(claim.groupId)?.next();
    if (member === undefined) {
      this.#return(claim, 0);
      return;
    }
    const delivery = new StorageDelivery(this.#deliveryHost, member, message, claim);
    this.#held.set(claimKey(claim), delivery);
    member.inFlight++;
    try {
      member.deliver(delivery);
    } catch (error) {
      this.#logger('error', 'a receiver failed', {
        group: member.options.group,
        error: error instanceof Error ? error.message : String(error),
      });
    }
  }

  /** Gives back what nobody has seen. */
  #return(claim: Claim, runAt: number): void {
    this.#commits.giveBack({
      claim,
      runAt,
      isUnseen: true,
      delivery: undefined,
      settle: () => this.#mayBeReady(claim.groupId),
    });
  }

  // ——— what becomes of deliveries ———

  readonly #deliveryHost: DeliveryHost = {
    acknowledge: (delivery, outputs) => this.#acknowledge(delivery, outputs),
    giveBack: (delivery, delayMs) => this.#giveBack(delivery, delayMs),
  };

  async #acknowledge(delivery: StorageDelivery, outputs: readonly Message[]): Promise<void> {
    this.#mustBeOpen();
    const answer = new Answer();
    this.#commits.write({
      delivery,
      messages: outputs,
      settle: (failure) => {
        if (failure === undefined || isLost(failure.error)) this.#free(delivery);
        else this.#watch(delivery);
        answer.settle(failure);
      },
    });
    await answer.promise;
  }

  /** Nobody may care for it any more. */
  #watch(delivery: StorageDelivery): void {
    this.#later(ABANDONED, async () => {
      if (!delivery.isSettled) await delivery.nack(0);
    });
  }

  async #giveBack(delivery: StorageDelivery, delayMs: number): Promise<void> {
    // Closing gives back everything.
    if (this.#isClosing) return;
    const runAt = delayMs > 0 ? this.#clock.now() + delayMs : 0;
    delivery.isReturned = runAt === 0;
    const answer = new Answer();
    this.#commits.giveBack({
      claim: delivery.claim,
      delivery,
      runAt,
      isUnseen: false,
      settle: (failure) => {
        if (failure === undefined) {
          this.#free(delivery);
          if (runAt > 0) this.#upkeep.due(runAt);
        } else this.#owed.add(delivery);
        answer.settle(failure);
      },
    });
    await answer.promise;
  }

  #payBack(): void {
    for (const delivery of this.#owed) {
      this.#owed.delete(delivery);
      this.#giveBack(delivery, 0).catch(() => {});
    }
  }

  #free(delivery: StorageDelivery): void {
    const key = claimKey(delivery.claim);
    if (this.#held.get(key) === delivery) this.#held.delete(key);
    delivery.member.inFlight--;
  }

  // ——— between two commits ———

  async #between(): Promise<void> {
    if (this.#isClosing) return;
    try {
      if (this.#isInDoubt) await this.#returnStrangers();
      for (const group of this.#local.values()) {
        const position = this.#groups.named(group.name)?.position ?? null;
        if (position === null || group.mayBeReady || group.room === 0) continue;
        const isMore = await catchUp(this.#storage, group.id);
        group.mayBeReady = true;
        if (!isMore) await this.#reloadGroups();
      }
    } catch (error) {
      this.#logger('warn', 'a group could not catch up; the next look tries again', {
        error: error instanceof Error ? error.message : String(error),
      });
    }
  }

  /** What a commit claimed of which nobody heard. */
  async #returnStrangers(): Promise<void> {
    const worker = this.#worker;
    if (worker === undefined) return;
    const { rows } = await sql<{
      readonly group_id: number;
      readonly seq: number;
      readonly attempt: number;
    }>`select group_id, seq, attempt from dagger_pubsub_deliveries
      where state = 1 and worker = ${worker}`.execute(this.#storage.db);
    this.#isInDoubt = false;
    for (const { group_id, seq, attempt } of rows) {
      const claim = { groupId: group_id, offset: seq, attempt, worker };
      if (this.#held.get(claimKey(claim))?.claim.attempt !== attempt) this.#return(claim, 0);
    }
    this.#mayBeReady();
  }

  async #reloadGroups(): Promise<void> {
    const groups = await readGroups(this.#storage);
    if (groups.version < this.#groups.version) return;
    this.#groups = groups;
  }

  // ——— looking, and looking after it ———

  /** Stored messages, in the order of their offsets. @throws DaggerError CHANNEL_INVALID, CONFIG_INVALID, BUS_CLOSED */
  async messages(filter: MessageFilter = {}): Promise<readonly StoredMessage[]> {
    this.#mustBeOpen();
    return readMessages(this.#storage, filter);
  }

  /** Deliveries that are not done, of all groups; of one causal tree where its id is given. @throws DaggerError BUS_CLOSED */
  async pending(correlationId?: string): Promise<number> {
    this.#mustBeOpen();
    return countPending(this.#storage, correlationId);
  }

  /** Deletes messages that no group needs any more. @returns how many. @throws DaggerError BUS_CLOSED */
  async prune(options: PruneOptions): Promise<number> {
    this.#mustBeOpen();
    return pruneMessages(this.#storage, options, this.#clock.now());
  }

  /**
   * Delivers to a group again what was published since, in order and before what follows.
   * @throws DaggerError GROUP_UNKNOWN, BUS_CLOSED
   */
  async replay(group: string, from: StartFrom): Promise<void> {
    this.#mustBeOpen();
    const isKnown = await patiently(this.#storage, this.#clock, () =>
      rewind(this.#storage, group, from),
    );
    if (!isKnown) throw new DaggerError('GROUP_UNKNOWN', `there is no group '${group}'`);
    await this.#reloadGroups();
    this.#mayBeReady();
  }

  // ——— the end ———

  #mustBeOpen(): void {
    if (this.#isClosing) throw closedError();
  }

  #later(ms: number, work: () => Promise<void>): void {
    const cancel = this.#clock.after(ms, () => {
      this.#cancels.delete(cancel);
      work().catch(() => {});
    });
    this.#cancels.add(cancel);
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    this.#isClosing = true;
    for (const cancel of this.#cancels) cancel();
    this.#relief.stop();
    await this.#upkeep.stop();
    await this.#registering?.catch(() => {});
    this.#commits.refuseBlocked(closedError());
    await this.#commits.settled();
    // What went down last may have found no room.
    this.#commits.refuseBlocked(closedError());
    try {
      await this.#unsubscribe?.();
      if (this.#worker !== undefined) {
        await removeWorker(this.#storage, this.#worker, undefined);
        await this.#storage.notify?.(this.#storage.db, TOPIC);
      }
    } catch (error) {
      // The lease ends by itself.
      this.#logger('warn', 'a transport could not take its leave', {
        error: error instanceof Error ? error.message : String(error),
      });
    }
    this.#held.clear();
    if (this.#isOwn) await this.#storage.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** Whether something comes back to a group. */
const isReturnedTo = (group: LocalGroup, over: readonly StorageDelivery[]): boolean =>
  over.some(({ member, isReturned }) => isReturned && member.group === group);

const closedError = (): DaggerError => new DaggerError('BUS_CLOSED', 'the bus was closed');
