import type { CancelTimer, Clock } from '@dagger/core';
import {
  createInbox,
  nanos,
  type Msg,
  type NatsConnection,
  type Subscription,
} from '@nats-io/transport-node';

const EXPIRES_MS = 30_000;
const HEARTBEAT_MS = 5_000;
/** After this silence the server has forgotten us. */
const SILENCE_MS = 12_500;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5_000;

/** Who stops listens until so long nothing came. */
export const QUIET_MS = 100;
const LONGEST_LISTENING_MS = 1_000;

const HEARTBEAT = 100;

export interface PullOptions {
  readonly connection: NatsConnection;
  readonly clock: Clock;
  readonly stream: string;
  readonly consumer: string;
  /** A message; it is no longer among those asked for. */
  readonly received: (msg: Msg) => void;
  /** Fewer are asked for than were: some may be asked for again. */
  readonly room: () => void;
  /** The server refused, or nobody answered. Resolves when asking has sense again. */
  readonly mend: () => Promise<void>;
}

/**
 * Asks one consumer for messages, never for more than it was told to. The client's own `consume` has messages waiting here that
 * nobody handles, whose time runs out meanwhile and who then are delivered again.
 */
export class Pull {
  readonly #options: PullOptions;
  #subscription: Subscription;
  #inbox: string;
  #outstanding = 0;
  #heardAt: number;
  /** When the last message came. */
  #receivedAt = Number.NEGATIVE_INFINITY;
  #pauseMs = FIRST_PAUSE_MS;
  #isMending = false;
  #isStopped = false;
  #cancel: CancelTimer;

  constructor(options: PullOptions) {
    this.#options = options;
    this.#heardAt = options.clock.now();
    [this.#inbox, this.#subscription] = this.#listen();
    this.#cancel = options.clock.after(HEARTBEAT_MS, this.#watch);
  }

  /** Messages that were asked for and have not come. */
  get outstanding(): number {
    return this.#outstanding;
  }

  /** Asks for so many more. */
  ask(count: number): void {
    if (this.#isStopped || this.#isMending || this.#options.connection.isClosed()) return;
    const { connection, stream, consumer, clock } = this.#options;
    if (this.#outstanding === 0) this.#heardAt = clock.now();
    this.#outstanding += count;
    connection.publish(
      `$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`,
      JSON.stringify({
        batch: count,
        expires: nanos(EXPIRES_MS),
        idle_heartbeat: nanos(HEARTBEAT_MS),
      }),
      { reply: this.#inbox },
    );
  }

  /** What was asked for is void: the connection is a new one. What is on the way may still come. */
  reset(): void {
    if (this.#isStopped) return;
    this.#forget();
    this.#options.room();
  }

  /**
   * Nothing is asked for any more. Resolves when nothing comes any more: what the server had on the way when we stopped
   * listening would be lost for as long as an acknowledgement may take.
   */
  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#cancel();
    const { clock } = this.#options;
    const started = clock.now();
    while (this.#outstanding > 0) {
      const now = clock.now();
      if (now - this.#receivedAt >= QUIET_MS || now - started >= LONGEST_LISTENING_MS) break;
      await new Promise<void>((resolve) => void clock.after(QUIET_MS / 4, resolve));
    }
    await this.#drain(this.#subscription);
  }

  #forget(): void {
    const before = this.#subscription;
    // The server drops requests whose inbox nobody reads.
    [this.#inbox, this.#subscription] = this.#listen();
    this.#outstanding = 0;
    this.#heardAt = this.#options.clock.now();
    void this.#drain(before);
  }

  async #drain(subscription: Subscription): Promise<void> {
    if (this.#options.connection.isClosed() || subscription.isClosed()) return;
    let cancel: CancelTimer | undefined;
    const patience = new Promise<void>((resolve) => {
      cancel = this.#options.clock.after(1_000, resolve);
    });
    try {
      await Promise.race([subscription.drain(), patience]);
    } catch {
      // Without a connection there is nothing to drain.
    } finally {
      cancel?.();
      if (!subscription.isClosed()) subscription.unsubscribe();
    }
  }

  #listen(): [inbox: string, subscription: Subscription] {
    const inbox = createInbox();
    const subscription = this.#options.connection.subscribe(inbox, {
      callback: (error, msg) => {
        const isCurrent = inbox === this.#inbox;
        if (error !== null) {
          if (isCurrent) void this.#mend();
          return;
        }
        if (isCurrent) this.#heardAt = this.#options.clock.now();
        if (msg.reply !== undefined && msg.reply !== '') {
          if (isCurrent && this.#outstanding > 0) this.#outstanding--;
          this.#pauseMs = FIRST_PAUSE_MS;
          this.#receivedAt = this.#options.clock.now();
          this.#options.received(msg);
        } else if (isCurrent) this.#status(msg);
      },
    });
    return [inbox, subscription];
  }

  #status(msg: Msg): void {
    if (msg.headers?.code === HEARTBEAT) {
      this.#pauseMs = FIRST_PAUSE_MS;
      return;
    }
    const left = Number(msg.headers?.get('Nats-Pending-Messages') ?? '');
    // The time of a request is over, as it should be after a while.
    if (left > 0) {
      this.#outstanding = Math.max(0, this.#outstanding - left);
      this.#options.room();
    } else void this.#mend();
  }

  async #mend(): Promise<void> {
    if (this.#isMending || this.#isStopped) return;
    this.#isMending = true;
    this.#forget();
    const { clock, mend, room } = this.#options;
    for (let mended = false; !mended && !this.#isStopped;) {
      await new Promise<void>((resolve) => void clock.after(this.#pauseMs, resolve));
      this.#pauseMs = Math.min(LONGEST_PAUSE_MS, this.#pauseMs * 2);
      try {
        await mend();
        mended = true;
      } catch {
        // Told by whoever mends; the next time, then.
      }
    }
    this.#isMending = false;
    if (!this.#isStopped) room();
  }

  readonly #watch = (): void => {
    const { clock, room } = this.#options;
    this.#cancel = clock.after(HEARTBEAT_MS, this.#watch);
    if (this.#outstanding > 0 && clock.now() - this.#heardAt > SILENCE_MS) this.reset();
    else if (this.#outstanding === 0) room();
  };
}
