import type { Delivery, Message } from '@dagger/pubsub';
import type { Acks } from './acks.ts';
import type { DeliveryInfo } from './ack-subject.ts';

/** What a delivery asks of its subscription. */
export interface DeliveryHost {
  /** Tells the delivery how that went. */
  finish(delivery: NatsDelivery, outputs: readonly Message[]): Promise<void>;
  giveBack(delivery: NatsDelivery, delayMs: number): Promise<void>;
}

/** How a message came. */
export interface Came {
  readonly info: DeliveryInfo;
  /** Where its acknowledgement goes. */
  readonly reply: string;
  /** Those of the consumer that it came by. */
  readonly acks: Acks;
  /** When it came; milliseconds since the Unix epoch. */
  readonly since: number;
}

export class NatsDelivery implements Delivery {
  readonly message: Message;
  readonly attempt: number;
  readonly sequence: number;
  /** When the server stored it; milliseconds since the Unix epoch. */
  readonly time: number;
  readonly since: number;
  readonly acks: Acks;
  /** Where the acknowledgement goes: that of the newest delivery. */
  reply: string;
  readonly #host: DeliveryHost;
  #isDone = false;
  #acking: Promise<void> | undefined;

  constructor(host: DeliveryHost, message: Message, { info, reply, acks, since }: Came) {
    this.#host = host;
    this.message = message;
    this.attempt = info.attempt;
    this.sequence = info.sequence;
    this.time = info.time;
    this.since = since;
    this.acks = acks;
    this.reply = reply;
  }

  ack(outputs: readonly Message[]): Promise<void> | void {
    if (this.#isDone) return undefined;
    this.#acking ??= this.#host.finish(this, outputs);
    return this.#acking;
  }

  /** How the acknowledgement went. */
  acked(isDone: boolean): void {
    this.#isDone = isDone;
    this.#acking = undefined;
  }

  nack(delayMs: number): Promise<void> | void {
    if (this.#isDone || this.#acking !== undefined) return undefined;
    this.#isDone = true;
    return this.#host.giveBack(this, delayMs);
  }
}
