import { DaggerError } from '@dagger/core';
import type { Message } from '../message/message.ts';
import type { Delivery } from '../transport/transport.ts';
import type { Member } from './member.ts';
import type { Claim } from './settle.ts';

/** What a delivery asks of its transport. */
export interface DeliveryHost {
  acknowledge(delivery: StorageDelivery, outputs: readonly Message[]): Promise<void>;
  giveBack(delivery: StorageDelivery, delayMs: number): Promise<void>;
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

  async ack(outputs: readonly Message[]): Promise<void> {
    if (this.#isSettled) return;
    this.#isSettled = true;
    try {
      await this.#host.acknowledge(this, outputs);
    } catch (error) {
      // Whoever has it still may try again, or give it back.
      if (!isLost(error)) this.#isSettled = false;
      throw error;
    }
  }

  async nack(delayMs: number): Promise<void> {
    if (this.#isSettled) return;
    this.#isSettled = true;
    await this.#host.giveBack(this, delayMs);
  }
}

export const deliveryLost = ({ message, member }: StorageDelivery): DaggerError =>
  new DaggerError(
    'DELIVERY_LOST',
    `message '${message.id}' was taken from this receiver: it looked dead, and another one has it`,
    { ids: { agent: member.options.group } },
  );

export const isLost = (error: unknown): boolean =>
  error instanceof DaggerError && error.code === 'DELIVERY_LOST';
