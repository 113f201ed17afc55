import { DaggerError, type Clock, type Logger, type Storage, type Unsubscribe } from '@dagger/core';
import type { Message } from '../message/message.ts';
import type {
  Delivery,
  Hold,
  SubscribeOptions,
  TransportSubscription,
} from '../transport/transport.ts';
import { Answer } from './answer.ts';
import { TOPIC, type Done } from './batch.ts';
import type { Demand } from './claim.ts';
import { Commits, HOLD_ENDED } from './commits.ts';
import { Deliveries } from './deliveries.ts';
import type { Groups } from './groups.ts';
import { KnownGroups } from './known-groups.ts';
import { LocalGroups } from './local-groups.ts';
import { Memberships } from './memberships.ts';
import type { Plan, Write } from './plan.ts';
import type { PruneOptions } from './prune.ts';
import { Recent } from './recent.ts';
import { Relief } from './relief.ts';
import type { RemoveGroupOptions } from './remove-group.ts';
import { Upkeep } from './upkeep.ts';
import { Worker } from './worker.ts';

export interface DispatcherOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly pollMs: number;
  readonly retention: PruneOptions | undefined;
}

/** Brings messages from those who publish into the database, and from there to the members of groups in this process. */
export class Dispatcher {
  readonly #storage: Storage;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #known: KnownGroups;
  readonly #local: LocalGroups = new LocalGroups();
  readonly #worker: Worker;
  readonly #memberships: Memberships;
  readonly #commits: Commits;
  readonly #deliveries: Deliveries;
  readonly #relief: Relief;
  readonly #upkeep: Upkeep;
  readonly #recent: Recent = new Recent();
  /** As commits see them: what is read while one is under way counts from the next one on, so that no plan mixes two versions. */
  #planned: Groups;
  #unsubscribe: Unsubscribe | undefined;
  #isClosing = false;

  constructor({ storage, clock, logger, pollMs, retention }: DispatcherOptions) {
    this.#storage = storage;
    this.#clock = clock;
    this.#logger = logger;
    const mayBeReady = (groupId?: number): void => this.mayBeReady(groupId);
    this.#known = new KnownGroups(storage, logger);
    this.#planned = this.#known.current;
    this.#worker = new Worker({
      storage,
      clock,
      logger,
      start: () => this.#start(),
      groups: () => this.#local.ids,
      renewed: mayBeReady,
    });
    this.#memberships = new Memberships({
      storage,
      clock,
      logger,
      known: this.#known,
      local: this.#local,
      worker: this.#worker,
      mustBeOpen: () => this.mustBeOpen(),
    });
    this.#commits = new Commits({
      storage,
      clock,
      logger,
      host: {
        groups: () => this.#planned,
        worker: () => this.#worker.id,
        reloadGroups: async () => {
          await this.#memberships.reload();
          this.#planned = this.#known.current;
        },
        demands: (over, receiving) => this.#demands(over, receiving),
        recall: (offset) => this.#recent.get(offset),
        committed: (done, plan, demands) => this.#committed(done, plan, demands),
        inDoubt: () => {
          if (this.#worker.id !== undefined) this.#deliveries.doubt();
        },
        between: () => this.#between(),
      },
    });
    this.#relief = new Relief({
      storage,
      clock,
      commits: this.#commits,
      worker: () => this.#worker.id,
    });
    this.#deliveries = new Deliveries({
      storage,
      clock,
      logger,
      commits: this.#commits,
      local: this.#local,
      due: (at) => this.#upkeep.due(at),
      mayBeReady,
      refusal: () => (this.#isClosing ? closedError() : undefined),
    });
    this.#upkeep = new Upkeep({
      storage,
      clock,
      logger,
      pollMs,
      retention,
      host: {
        worker: () => this.#worker.id,
        workerLost: () => this.#worker.lost(),
        localGroups: () => this.#local.ids,
        version: () => this.#known.current.version,
        groupsMayHaveChanged: () => this.#memberships.reload(),
        mayBeReady,
        payBack: () => this.#deliveries.payBack(),
      },
    });
  }

  /** @throws DaggerError BUS_CLOSED */
  mustBeOpen(): void {
    if (this.#isClosing) throw closedError();
  }

  /** Reads the groups, and begins to prune. */
  async begin(): Promise<void> {
    await this.#known.reload();
    this.#upkeep.startPruning();
  }

  /** The groups may have changed, and something of any may be ready. */
  async look(): Promise<void> {
    await this.#memberships.reload();
    this.mayBeReady();
  }

  publish(
    messages: readonly Message[],
    signal?: AbortSignal,
    held?: readonly Hold[],
  ): Promise<void> {
    if (messages.length === 0 && held === undefined) return Promise.resolve();
    return this.#write({ messages, held }, signal);
  }

  /** See `HoldStore.release`. */
  async release(messageId: string, messages: readonly Message[]): Promise<boolean> {
    try {
      await this.#write({ messages, release: { messageId, at: this.#clock.now() } });
      return true;
    } catch (error) {
      if (error === HOLD_ENDED) return false;
      throw error;
    }
  }

  #write(what: Omit<Write, 'delivery' | 'settle'>, signal?: AbortSignal): Promise<void> {
    if (this.#isClosing) return Promise.reject(closedError());
    if (signal?.aborted === true) return Promise.reject(signal.reason as Error);
    const answer = new Answer();
    const write: Write = {
      ...what,
      delivery: undefined,
      settle: (failure) => answer.settle(failure),
    };
    this.#commits.write(write);
    if (signal === undefined) return answer.promise;
    // What is on its way already is published.
    const abort = (): void => this.#commits.refuse(write, { error: signal.reason });
    signal.addEventListener('abort', abort, { once: true });
    return answer.promise.finally(() => signal.removeEventListener('abort', abort));
  }

  /** See `StorageTransport.relieve`. */
  relieve(): boolean {
    return this.#relief.ask();
  }

  /** @throws DaggerError STORAGE_FAILED, BUS_CLOSED */
  async join(
    options: SubscribeOptions,
    deliver: (delivery: Delivery) => void,
  ): Promise<TransportSubscription> {
    const member = await this.#memberships.join(options, deliver);
    this.mayBeReady(member.group.id);
    return {
      stop: async () => {
        this.#memberships.leave(member);
        // What is claimed right now for nobody goes back.
        if (!this.#isClosing) await this.#commits.settled();
      },
    };
  }

  /** See `StorageTransport.removeGroup`. */
  async removeGroup(name: string, options: RemoveGroupOptions): Promise<number> {
    this.mustBeOpen();
    const undone = await this.#memberships.remove(name, options);
    // Whoever waits for room of it need not any more.
    this.mayBeReady();
    return undone;
  }

  /** The first subscription makes this transport a worker. */
  async #start(): Promise<void> {
    this.#unsubscribe ??= await this.#storage.subscribe?.(TOPIC, () => this.mayBeReady());
    this.#upkeep.start();
  }

  /** Something of a group may be ready; of any, where none is named. */
  mayBeReady(groupId?: number): void {
    if (this.#isClosing) return;
    this.#local.signal(groupId);
    this.#commits.ask();
  }

  // ——— beside and after each commit ———

  #demands(...args: Parameters<LocalGroups['demands']>): readonly Demand[] {
    return this.#worker.id === undefined || this.#isClosing ? [] : this.#local.demands(...args);
  }

  async #between(): Promise<void> {
    if (!this.#isClosing) await this.#lookAround();
    this.#planned = this.#known.current;
  }

  async #lookAround(): Promise<void> {
    try {
      await this.#deliveries.returnStrangers(this.#worker.id);
    } catch (error) {
      this.#logger('warn', 'what a failed commit may have claimed is not known yet', {
        error: error instanceof Error ? error.message : String(error),
      });
    }
    await this.#known.catchUp(this.#local);
  }

  #committed(done: Done, { skipped }: Plan, demands: readonly Demand[]): void {
    const { claims, ready, isWorkerLost } = done;
    this.#recent.add(done.unclaimed);
    // Whoever is no worker has looked for nothing.
    this.#local.committed(isWorkerLost ? [] : demands, ready);
    for (const { message, groupId } of done.dropped) this.#tellDropped(groupId, message);
    for (const { message, group } of skipped) this.#tellDropped(group.id, message);
    for (const { claim, message } of claims) this.#deliveries.take(claim, message);
    if (isWorkerLost) this.#worker.lost();
  }

  #tellDropped(groupId: number, message: Message): void {
    this.#local.find(groupId)?.members[0]?.options.dropped(message);
  }

  // ——— the end ———

  /** Takes nothing more, commits what was asked for, and lets others have what is not done. */
  async stop(): Promise<void> {
    this.#isClosing = true;
    this.#deliveries.stop();
    this.#relief.stop();
    await this.#worker.stop();
    await this.#memberships.settled();
    await this.#upkeep.stop();
    this.#commits.refuseBlocked(closedError());
    await this.#commits.settled();
    // What went down last may have found no room.
    this.#commits.refuseBlocked(closedError());
    try {
      await this.#unsubscribe?.();
      if (this.#worker.id !== undefined) {
        await this.#worker.leave();
        await this.#storage.notify?.(this.#storage.db, TOPIC);
      }
    } catch (error) {
      // The lease ends by itself.
      this.#logger('warn', 'a transport could not take its leave', {
        error: error instanceof Error ? error.message : String(error),
      });
    }
  }
}

const closedError = (): DaggerError => new DaggerError('BUS_CLOSED', 'the bus was closed');
