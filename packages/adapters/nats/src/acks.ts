import type { NatsDelivery } from './nats-delivery.ts';
import { persistently, type Patience } from './persistently.ts';
import type { Line } from './line.ts';

export const ACK: Uint8Array = Buffer.from('+ACK');

interface AcksHost {
  readonly line: Line;
  readonly patience: Patience;
}

interface Batch {
  readonly deliveries: NatsDelivery[];
  readonly confirmed: Promise<void>;
}

/**
 * Acknowledges messages of one consumer. All that are done at about the same time go together, and only the last one asks for an
 * answer: the server takes the acknowledgements of a consumer in the order in which they come, so that answer is for all of them.
 */
export class Acks {
  readonly #host: AcksHost;
  #batch: Batch | undefined;

  constructor(host: AcksHost) {
    this.#host = host;
  }

  /** Resolves when the server knows it. @throws DaggerError STORAGE_FAILED, BUS_CLOSED */
  confirm(delivery: NatsDelivery): Promise<void> {
    this.#batch ??= this.#begin();
    this.#batch.deliveries.push(delivery);
    return this.#batch.confirmed;
  }

  #begin(): Batch {
    const deliveries: NatsDelivery[] = [];
    const confirmed = new Promise<void>((resolve, reject) => {
      this.#host.line.atEnd(() => {
        this.#batch = undefined;
        this.#send(deliveries).then(resolve, reject);
      });
    });
    return { deliveries, confirmed };
  }

  async #send(deliveries: readonly NatsDelivery[]): Promise<void> {
    const { line, patience } = this.#host;
    const last = deliveries.at(-1);
    if (last === undefined) return;
    const { id, channel } = last.message;
    const others = deliveries.length - 1;
    await persistently(patience, {
      what: `message '${id}' of '${channel}'${others > 0 ? ` and ${others} before it` : ''} could not be acknowledged`,
      attempt: () => {
        for (const delivery of deliveries) if (delivery !== last) line.tell(delivery.reply, ACK);
        return line.request(last.reply, ACK, { read: () => {} });
      },
    });
  }
}
