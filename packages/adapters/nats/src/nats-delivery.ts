import type { Delivery, Message } from '@dagger/pubsub';
import type { DeliveryInfo } from './ack-subject.ts';

/** What a delivery asks of its subscription. */
export interface DeliveryHost {
  finish(delivery: NatsDelivery, outputs: readonly Message[]): Promise<void>;
  giveBack(delivery: NatsDelivery, delayMs: number): Promise<void>;
}

export class NatsDelivery implements Delivery {
  readonly message: Message;
  readonly attempt: number;
  readonly key: string;
  readonly sequence: number;
  readonly since: number;
  /** Where the acknowledgement goes: that of the newest delivery. */
  reply: string;
  readonly #host: DeliveryHost;
  #isDone = false;
  #acking: Promise<void> | undefined;

  constructor(
    host: DeliveryHost,
    message: Message,
    {
      info,
      reply,
      since,
    }: { readonly info: DeliveryInfo; readonly reply: string; readonly since: number },
  ) {
    this.#host = host;
    this.message = message;
    this.attempt = info.attempt;
    this.key = info.key;
    this.sequence = info.sequence;
    this.since = since;
    this.reply = reply;
  }

  ack(outputs: readonly Message[]): Promise<void> | void {
    if (this.#isDone) return undefined;
    this.#acking ??= this.#finish(outputs);
    return this.#acking;
  }

  async #finish(outputs: readonly Message[]): Promise<void> {
    try {
      await this.#host.finish(this, outputs);
      this.#isDone = true;
    } finally {
      this.#acking = undefined;
    }
  }

  nack(delayMs: number): Promise<void> | void {
    if (this.#isDone || this.#acking !== undefined) return undefined;
    this.#isDone = true;
    return this.#host.giveBack(this, delayMs);
  }
}
