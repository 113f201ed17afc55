import { DaggerError, type CancelTimer } from '@dagger/core';
import type {
  Delivery,
  Message,
  SubscribeOptions,
  Transport,
  TransportFeatures,
  TransportSubscription,
} from '@dagger/pubsub';
import type { JetStreamManager } from '@nats-io/jetstream';
import { errors, type NatsConnection } from '@nats-io/transport-node';
import { connect } from './connect.ts';
import { busClosed } from './failures.ts';
import { settingsOf, type NatsOptions, type Settings } from './options.ts';
import type { Patience } from './persistently.ts';
import { Publisher } from './publisher.ts';
import { reasonOf } from './reason.ts';
import { Line } from './line.ts';
import { ensureStream, manager } from './stream.ts';
import { NatsSubscription } from './subscription.ts';

const CLOSE_MS = 2_000;

/** Channels in a stream of NATS JetStream, for any number of processes. */
export class NatsTransport implements Transport {
  readonly name = 'nats';
  readonly features: TransportFeatures = {
    durable: true,
    atomic: false,
    shared: true,
    replay: true,
  };
  readonly #settings: Settings;
  readonly #connection: NatsConnection;
  readonly #jsm: JetStreamManager;
  readonly #patience: Patience;
  readonly #line: Line;
  readonly #publisher: Publisher;
  readonly #subscriptions: Set<NatsSubscription> = new Set();
  #closing: Promise<void> | undefined;

  private constructor(settings: Settings, connection: NatsConnection, jsm: JetStreamManager) {
    this.#settings = settings;
    this.#connection = connection;
    this.#jsm = jsm;
    this.#patience = {
      clock: settings.clock,
      isClosed: () => this.#closing !== undefined,
    };
    this.#line = new Line(connection, settings.clock);
    this.#publisher = new Publisher({
      connection,
      line: this.#line,
      prefix: settings.prefix,
      patience: this.#patience,
    });
    void this.#watch();
    void this.#watchEnd();
  }

  /**
   * Connects, and makes the stream when it is absent.
   * @throws DaggerError STORAGE_FAILED, CONFIG_INVALID
   */
  static async open(options: NatsOptions = {}): Promise<NatsTransport> {
    const settings = settingsOf(options);
    const connection = await connect(settings);
    try {
      const jsm = await manager(connection);
      await ensureStream(jsm, settings);
      return new NatsTransport(settings, connection, jsm);
    } catch (error) {
      await connection.close();
      throw error;
    }
  }

  /** The stream in which the messages are. */
  get stream(): string {
    return this.#settings.stream;
  }

  /** What stands before the names of channels. */
  get prefix(): string {
    return this.#settings.prefix;
  }

  /** @throws DaggerError CHANNEL_FULL, CHANNEL_INVALID, MESSAGE_INVALID, STORAGE_FAILED, BUS_CLOSED */
  publish(messages: readonly Message[], signal?: AbortSignal): Promise<void> {
    if (this.#closing !== undefined) return Promise.reject(busClosed());
    return this.#publisher.publish(messages, signal);
  }

  /** @throws DaggerError CONFIG_INVALID, STORAGE_FAILED, BUS_CLOSED */
  async subscribe(
    options: SubscribeOptions,
    deliver: (delivery: Delivery) => void,
  ): Promise<TransportSubscription> {
    this.#mustBeOpen();
    if (options.overflow === 'dropNewest')
      throw new DaggerError(
        'CONFIG_INVALID',
        `group '${options.group}': overflow 'dropNewest' is not possible with NATS, where nobody knows of the newest message before the others are read: choose 'block', 'error' or 'dropOldest'`,
        { ids: { agent: options.group } },
      );
    const subscription = await NatsSubscription.open(
      {
        settings: this.#settings,
        connection: this.#connection,
        jsm: this.#jsm,
        line: this.#line,
        publisher: this.#publisher,
        patience: this.#patience,
        ended: (ended) => this.#subscriptions.delete(ended),
      },
      options,
      deliver,
    );
    this.#subscriptions.add(subscription);
    return { stop: () => subscription.stop() };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    let cancel: CancelTimer | undefined;
    const patience = new Promise<void>((resolve) => {
      cancel = this.#settings.clock.after(CLOSE_MS, resolve);
    });
    try {
      await Promise.race([this.#drain(), patience]);
    } finally {
      cancel?.();
      await this.#connection.close();
    }
  }

  async #drain(): Promise<void> {
    await Promise.all([...this.#subscriptions].map((subscription) => subscription.close()));
    this.#subscriptions.clear();
    this.#line.flush();
    try {
      await this.#connection.drain();
    } catch {
      // Without a server there is nothing to drain.
    }
  }

  #mustBeOpen(): void {
    if (this.#closing !== undefined) throw busClosed();
  }

  async #watch(): Promise<void> {
    const { logger } = this.#settings;
    for await (const status of this.#connection.status()) {
      if (status.type === 'reconnect') {
        logger('info', 'connected to NATS again', { server: status.server });
        this.#line.lost(new Error('the connection was lost'));
        for (const subscription of this.#subscriptions) subscription.reconnected();
      } else if (status.type === 'disconnect' && this.#closing === undefined)
        logger('warn', 'the connection to NATS is lost; it is made again', {
          server: status.server,
        });
      else if (status.type === 'error') {
        const { error } = status;
        if (error instanceof errors.PermissionViolationError && error.operation === 'publish')
          this.#line.lost(error, error.subject);
        logger('error', 'NATS reports an error', { error: reasonOf(error) });
      }
    }
  }

  /** The client gives up when the server refuses user and password. */
  async #watchEnd(): Promise<void> {
    const error = await this.#connection.closed();
    this.#line.close();
    if (this.#closing !== undefined) return;
    this.#settings.logger('error', 'the connection to NATS has ended for good', {
      error: error === undefined ? 'no reason was given' : reasonOf(error),
    });
  }
}

/**
 * Channels in a stream of NATS JetStream; give it to `PubSubExecutor.open` as `transport`.
 * @throws DaggerError STORAGE_FAILED, CONFIG_INVALID
 */
export const natsTransport = (options: NatsOptions = {}): Promise<NatsTransport> =>
  NatsTransport.open(options);
