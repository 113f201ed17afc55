import { DaggerError } from '@dagger/core';
import type { Message } from '../message/message.ts';
import type { TraceAttempt } from '../trace/entry.ts';
import type { Delivery, Settlement } from '../transport/transport.ts';
import type { Member } from './member.ts';
import type { Claim } from './settle.ts';

/** What a delivery asks of its transport. */
export interface DeliveryHost {
  acknowledge(
    delivery: StorageDelivery,
    outputs: readonly Message[],
    settlement: Settlement | undefined,
  ): Promise<void>;
  giveBack(
    delivery: StorageDelivery,
    delayMs: number,
    attempts?: readonly TraceAttempt[],
  ): Promise<void>;
}

export class StorageDelivery implements Delivery {
  readonly message: Message;
  readonly claim: Claim;
  readonly member: Member;
  /** It is ready again with the commit that gives it back. */
  isReturned = false;
  readonly #host: DeliveryHost;
  #isSettled = false;

  constructor(host: DeliveryHost, member: Member, message: Message, claim: Claim) {
    this.#host = host;
    this.member = member;
    this.message = message;
    this.claim = claim;
  }

  get attempt(): number {
    return this.claim.attempt;
  }

  get isSettled(): boolean {
    return this.#isSettled;
  }

  ack(outputs: readonly Message[], settlement?: Settlement): Promise<void> {
    if (this.#isSettled) return Promise.resolve();
    this.#isSettled = true;
    return this.#host.acknowledge(this, outputs, settlement);
  }

  nack(delayMs: number, settlement?: Pick<Settlement, 'attempts'>): Promise<void> {
    if (this.#isSettled) return Promise.resolve();
    this.#isSettled = true;
    return this.#host.giveBack(this, delayMs, settlement?.attempts);
  }

  /** It could not be acknowledged: whoever has it still may try again, or give it back. */
  reopen(): void {
    this.#isSettled = false;
  }
}

export const deliveryLost = ({ message, member }: StorageDelivery): DaggerError =>
  new DaggerError(
    'DELIVERY_LOST',
    `message '${message.id}' was taken from this receiver: it looked dead and another one has it, or its group was removed`,
    { ids: { agent: member.options.group } },
  );

export const isLost = (error: unknown): boolean =>
  error instanceof DaggerError && error.code === 'DELIVERY_LOST';
