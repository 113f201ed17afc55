import type { Message } from '@dagger/pubsub';
import { JetStreamApiError, type ApiError } from '@nats-io/jetstream';
import type { Msg, NatsConnection } from '@nats-io/transport-node';
import { busClosed } from './failures.ts';
import { again, type Patience } from './persistently.ts';
import type { Line } from './line.ts';
import { Window } from './window.ts';
import { encode, type Outgoing } from './wire.ts';

/** Messages on the way at a time, of whoever publishes. */
const WINDOW = 256;
/** What the servers take, as long as none is there to ask. */
const USUAL_MAX_PAYLOAD = 1_048_576;

/** Publishes to the stream; resolves when the server has stored it. What is published again within the window is one message. */
export class Publisher {
  readonly #connection: NatsConnection;
  readonly #prefix: string;
  readonly #patience: Patience;
  readonly #line: Line;
  readonly #window: Window = new Window(WINDOW);
  #maxPayload = USUAL_MAX_PAYLOAD;

  constructor({
    connection,
    line,
    prefix,
    patience,
  }: {
    readonly connection: NatsConnection;
    readonly line: Line;
    readonly prefix: string;
    readonly patience: Patience;
  }) {
    this.#connection = connection;
    this.#line = line;
    this.#prefix = prefix;
    this.#patience = patience;
  }

  /** Nothing is sent when one of them cannot be; beyond that, some may be stored when it rejects. */
  publish(messages: readonly Message[], signal?: AbortSignal): Promise<void> {
    try {
      this.#maxPayload = this.#connection.info?.max_payload ?? this.#maxPayload;
      const [only] = messages;
      return messages.length === 1 && only !== undefined
        ? this.#send(this.#encode(only), signal)
        : this.#sendAll(
            messages.map((message) => this.#encode(message)),
            signal,
          );
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #encode(message: Message): Outgoing {
    return encode(message, this.#prefix, this.#maxPayload);
  }

  async #sendAll(outgoing: readonly Outgoing[], signal: AbortSignal | undefined): Promise<void> {
    const batch = { failed: false };
    const results = await Promise.allSettled(
      outgoing.map((each) => this.#send(each, signal, batch)),
    );
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }

  async #send(
    outgoing: Outgoing,
    signal: AbortSignal | undefined,
    batch?: { failed: boolean },
  ): Promise<void> {
    const turn = this.#window.enter();
    if (turn !== undefined) await turn;
    try {
      signal?.throwIfAborted();
      if (this.#patience.isClosed()) throw busClosed();
      // The one before it said why.
      if (batch?.failed === true) return;
      await this.#store(outgoing, signal);
    } catch (error) {
      if (batch !== undefined) batch.failed = true;
      throw error;
    } finally {
      this.#window.leave();
    }
  }

  /** Most succeed at once: what trying again needs is made when it is needed. */
  async #store(outgoing: Outgoing, signal: AbortSignal | undefined): Promise<void> {
    const since = this.#patience.clock.now();
    try {
      await this.#ask(outgoing);
    } catch (cause) {
      const what = `a message for '${outgoing.channel}' could not be published`;
      const trial = { what, attempt: () => this.#ask(outgoing), signal };
      await again(this.#patience, trial, { since, cause });
    }
  }

  #ask({ subject, data, headers }: Outgoing): Promise<void> {
    return this.#line.request(subject, data, { headers, read: mustBeStored });
  }
}

/** @throws JetStreamApiError for what the server says against it */
const mustBeStored = (answer: Msg): void => {
  const { error } = answer.json<{ readonly error?: ApiError }>();
  if (error !== undefined) throw new JetStreamApiError(error);
};
