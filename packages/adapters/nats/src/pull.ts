import type { CancelTimer, Clock } from '@dagger/core';
import {
  createInbox,
  nanos,
  type Msg,
  type NatsConnection,
  type Subscription,
} from '@nats-io/transport-node';
import type { Line } from './line.ts';

const EXPIRES_MS = 30_000;
const HEARTBEAT_MS = 5_000;
/** After this silence the server has forgotten us. */
const SILENCE_MS = 12_500;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5_000;

/** The last request of one who stops: messages that it may get after all, one for each turn, and how long it waits. */
const LAST_BATCH = 3;
const LAST_EXPIRES_MS = 100;
/** Whoever stops waits so long for a server that does not answer. */
const PATIENCE_MS = 1_000;

const HEARTBEAT = 100;

export interface PullOptions {
  readonly connection: NatsConnection;
  readonly line: Line;
  readonly clock: Clock;
  readonly stream: string;
  readonly consumer: string;
  /** A message; it is no longer among those asked for. */
  readonly received: (msg: Msg, now: number) => void;
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
    if (this.#outstanding === 0) this.#heardAt = this.#options.clock.now();
    this.#outstanding += count;
    this.#request(this.#inbox, {
      batch: count,
      expires: nanos(EXPIRES_MS),
      idle_heartbeat: nanos(HEARTBEAT_MS),
    });
  }

  #request(inbox: string, request: Readonly<Record<string, number>>): void {
    const { line, stream, consumer } = this.#options;
    const subject = `$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`;
    line.tell(subject, Buffer.from(JSON.stringify(request)), inbox);
  }

  /** What was asked for is void: the connection is a new one. What is on the way may still come. */
  reset(): void {
    if (this.#isStopped) return;
    const before = this.#forget();
    this.#options.room();
    this.#options.line.flush();
    void this.#drain(before);
  }

  /** Nothing is asked for any more. Resolves when nothing comes any more, and the server has forgotten what was asked for. */
  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#cancel();
    await (this.#outstanding > 0 ? this.#takeBack() : this.#drain(this.#subscription));
  }

  /**
   * The server throws requests away whose inbox nobody reads, but not at once; meanwhile one before 2.10.14 may take a message
   * that is due again for them, find nobody there, and keep it for as long as an acknowledgement may take. So a last request
   * stands beside them, which somebody reads. The server takes them in turn: when that one is over, they are gone.
   */
  async #takeBack(): Promise<void> {
    const { connection, clock, line, received } = this.#options;
    if (connection.isClosed()) return;
    const inbox = createInbox();
    let left = LAST_BATCH;
    const isOver = new Promise<void>((resolve) => {
      const subscription = connection.subscribe(inbox, {
        callback: (error, msg) => {
          if (error === null && isMessage(msg)) {
            received(msg, clock.now());
            left--;
            if (left > 0) return;
          }
          subscription.unsubscribe();
          resolve();
        },
      });
    });
    this.#request(inbox, { batch: LAST_BATCH, expires: nanos(LAST_EXPIRES_MS) });
    // Together with the word that nobody reads the others.
    line.flush();
    await Promise.all([this.#drain(this.#subscription), this.#patiently(isOver)]);
  }

  /** Begins anew with an inbox of its own. @returns what is to be drained */
  #forget(): Subscription {
    const before = this.#subscription;
    [this.#inbox, this.#subscription] = this.#listen();
    this.#outstanding = 0;
    this.#heardAt = this.#options.clock.now();
    return before;
  }

  /**
   * Listens until all has come that the server sent before it heard of it. Where it does not answer nobody waits for that, and
   * what comes after all is still received.
   */
  async #drain(subscription: Subscription): Promise<void> {
    if (this.#options.connection.isClosed() || subscription.isClosed()) return;
    // Without a connection there is nothing to drain.
    await this.#patiently(subscription.drain().catch(() => {}));
  }

  /** Waits for what a server that does not answer may leave undone. */
  async #patiently(work: Promise<void>): Promise<void> {
    let cancel: CancelTimer | undefined;
    const patience = new Promise<void>((resolve) => {
      cancel = this.#options.clock.after(PATIENCE_MS, resolve);
    });
    await Promise.race([work, patience]);
    cancel?.();
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
        const now = this.#options.clock.now();
        if (isCurrent) this.#heardAt = now;
        if (isMessage(msg)) {
          if (isCurrent && this.#outstanding > 0) this.#outstanding--;
          this.#pauseMs = FIRST_PAUSE_MS;
          this.#options.received(msg, now);
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
    void this.#drain(this.#forget());
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

/** Not a word of the server about a request. */
const isMessage = ({ reply }: Msg): boolean => reply !== undefined && reply !== '';
