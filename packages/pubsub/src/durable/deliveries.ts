import type { Clock, DaggerError, Logger, Storage } from '@dagger/core';
import { sql } from 'kysely';
import type { Message } from '../message/message.ts';
import { Answer } from './answer.ts';
import type { Commits } from './commits.ts';
import { isLost, StorageDelivery, type DeliveryHost } from './delivery.ts';
import type { LocalGroups } from './local-groups.ts';
import type { Claim } from './settle.ts';
import type { TraceAttempt } from '../trace/entry.ts';
import type { Settlement } from '../transport/transport.ts';

/** Milliseconds after which a delivery is given back whose acknowledgement failed, and that nobody cares for. */
const ABANDONED = 120_000;

export interface DeliveriesOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly commits: Commits;
  readonly local: LocalGroups;
  /** Something is due at a time. */
  readonly due: (at: number) => void;
  /** Something of a group may be ready; of any, where none is named. */
  readonly mayBeReady: (groupId?: number) => void;
  /** Why nothing is acknowledged any more; undefined as long as it is. */
  readonly refusal: () => DaggerError | undefined;
}

/** What this transport has claimed and is not done with: handed to members, acknowledged, given back. */
export class Deliveries implements DeliveryHost {
  readonly #options: DeliveriesOptions;
  /** By group and offset. */
  readonly #held: Map<number, Map<number, StorageDelivery>> = new Map();
  /** Those that could not be given back. */
  readonly #owed: Set<StorageDelivery> = new Set();
  readonly #cancels: Set<() => void> = new Set();
  /** A commit may have claimed what nobody here heard of. */
  #isInDoubt = false;
  #isClosing = false;

  constructor(options: DeliveriesOptions) {
    this.#options = options;
  }

  /** Hands what was claimed to the member whose turn it is. */
  take(claim: Claim, message: Message | undefined): void {
    const { logger, clock, local } = this.#options;
    if (message === undefined) {
      logger('error', 'a message is missing that a group needs', { offset: claim.offset });
      this.#return(claim, clock.now() + ABANDONED);
      return;
    }
    const member = this.#isClosing ? undefined : local.find(claim.groupId)?.next();
    if (member === undefined) {
      this.#return(claim, 0);
      return;
    }
    const delivery = new StorageDelivery(this, member, message, claim);
    this.#hold(delivery);
    member.inFlight++;
    try {
      member.deliver(delivery);
    } catch (error) {
      logger('error', 'a receiver failed', {
        group: member.options.group,
        error: error instanceof Error ? error.message : String(error),
      });
    }
  }

  /** Gives back what nobody has seen. */
  #return(claim: Claim, runAt: number): void {
    const { commits, mayBeReady } = this.#options;
    commits.giveBack({
      claim,
      runAt,
      isUnseen: true,
      delivery: undefined,
      settle: () => mayBeReady(claim.groupId),
    });
  }

  acknowledge(
    delivery: StorageDelivery,
    outputs: readonly Message[],
    settlement: Settlement | undefined,
  ): Promise<void> {
    const { commits, refusal } = this.#options;
    const refused = refusal();
    if (refused !== undefined) {
      delivery.reopen();
      return Promise.reject(refused);
    }
    const answer = new Answer();
    commits.write({
      delivery,
      messages: outputs,
      held: settlement?.held,
      attempts: settlement?.attempts,
      settle: (failure) => {
        if (failure === undefined || isLost(failure.error)) this.#free(delivery);
        else {
          delivery.reopen();
          this.#watch(delivery);
        }
        answer.settle(failure);
      },
    });
    return answer.promise;
  }

  /** Nobody may care for it any more. */
  #watch(delivery: StorageDelivery): void {
    const cancel = this.#options.clock.after(ABANDONED, () => {
      this.#cancels.delete(cancel);
      if (!delivery.isSettled) delivery.nack(0).catch(() => {});
    });
    this.#cancels.add(cancel);
  }

  async giveBack(
    delivery: StorageDelivery,
    delayMs: number,
    attempts?: readonly TraceAttempt[],
  ): Promise<void> {
    // Closing gives back everything.
    if (this.#isClosing) return;
    const { clock, commits, due } = this.#options;
    const runAt = delayMs > 0 ? clock.now() + delayMs : 0;
    delivery.isReturned = runAt === 0;
    const answer = new Answer();
    commits.giveBack({
      claim: delivery.claim,
      delivery,
      runAt,
      isUnseen: false,
      attempts,
      settle: (failure) => {
        if (failure === undefined) {
          this.#free(delivery);
          if (runAt > 0) due(runAt);
        } else this.#owed.add(delivery);
        answer.settle(failure);
      },
    });
    await answer.promise;
  }

  /** Tries again to give back what could not be given back. */
  payBack(): void {
    for (const delivery of this.#owed) {
      this.#owed.delete(delivery);
      this.giveBack(delivery, 0).catch(() => {});
    }
  }

  #hold(delivery: StorageDelivery): void {
    const { groupId, offset } = delivery.claim;
    const ofGroup = this.#held.get(groupId);
    if (ofGroup === undefined) this.#held.set(groupId, new Map([[offset, delivery]]));
    else ofGroup.set(offset, delivery);
  }

  #free(delivery: StorageDelivery): void {
    const { groupId, offset } = delivery.claim;
    const ofGroup = this.#held.get(groupId);
    if (ofGroup?.get(offset) === delivery) ofGroup.delete(offset);
    delivery.member.inFlight--;
  }

  /** It is not known whether something was claimed. */
  doubt(): void {
    this.#isInDoubt = true;
  }

  /** Gives back what a commit claimed of which nobody heard, where one may have. */
  async returnStrangers(worker: number | undefined): Promise<void> {
    if (!this.#isInDoubt || worker === undefined) return;
    const { storage, mayBeReady } = this.#options;
    const { rows } = await sql<{
      readonly group_id: number;
      readonly seq: number;
      readonly attempt: number;
    }>`select group_id, seq, attempt from dagger_pubsub_deliveries
      where state = 1 and worker = ${worker}`.execute(storage.db);
    this.#isInDoubt = false;
    for (const { group_id, seq, attempt } of rows) {
      const claim = { groupId: group_id, offset: seq, attempt, worker };
      if (this.#held.get(group_id)?.get(seq)?.claim.attempt !== attempt) this.#return(claim, 0);
    }
    mayBeReady();
  }

  /** What is claimed from here on goes back, and nothing else is given back any more. */
  stop(): void {
    this.#isClosing = true;
    for (const cancel of this.#cancels) cancel();
  }
}
