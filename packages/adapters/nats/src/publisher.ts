import type { Message } from '@dagger/pubsub';
import { jetstream, type JetStreamClient } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { busClosed } from './failures.ts';
import { persistently, type Patience } from './persistently.ts';
import { Window } from './window.ts';
import { encode, type Outgoing } from './wire.ts';

/** Messages on the way at a time, of whoever publishes. */
const WINDOW = 256;
/** For one acknowledgement; a server that writes to a slow disk takes a while. */
const ACK_MS = 3_000;
/** What the servers take, as long as none is there to ask. */
const USUAL_MAX_PAYLOAD = 1_048_576;

/** Publishes to the stream; resolves when the server has stored it. What is published again within the window is one message. */
export class Publisher {
  readonly #connection: NatsConnection;
  readonly #prefix: string;
  readonly #patience: Patience;
  readonly #client: JetStreamClient;
  readonly #window: Window = new Window(WINDOW);
  #maxPayload = USUAL_MAX_PAYLOAD;

  constructor(connection: NatsConnection, prefix: string, patience: Patience) {
    this.#connection = connection;
    this.#prefix = prefix;
    this.#patience = patience;
    this.#client = jetstream(connection);
  }

  /** Nothing is sent when one of them cannot be; beyond that, some may be stored when it rejects. */
  async publish(messages: readonly Message[], signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.#maxPayload = this.#connection.info?.max_payload ?? this.#maxPayload;
    const outgoing = messages.map((message) => encode(message, this.#prefix, this.#maxPayload));
    const [only] = outgoing;
    const batch = { failed: false };
    if (outgoing.length === 1 && only !== undefined) {
      await this.#send(only, batch, signal);
      return;
    }
    const results = await Promise.allSettled(
      outgoing.map((each) => this.#send(each, batch, signal)),
    );
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }

  async #send(
    { subject, channel, data, headers }: Outgoing,
    batch: { failed: boolean },
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const turn = this.#window.enter();
    if (turn !== undefined) await turn;
    try {
      signal?.throwIfAborted();
      if (this.#patience.isClosed()) throw busClosed();
      // The one before it said why.
      if (batch.failed) return;
      await persistently(
        { ...this.#patience, signal },
        `a message for '${channel}' could not be published`,
        () => this.#client.publish(subject, data, { headers, timeout: ACK_MS }),
      );
    } catch (error) {
      batch.failed = true;
      throw error;
    } finally {
      this.#window.leave();
    }
  }
}
