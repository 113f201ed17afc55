import type { CancelTimer, Clock } from '@dagger/core';
import {
  createInbox,
  errors,
  type Msg,
  type MsgHdrs,
  type NatsConnection,
  type Subscription,
} from '@nats-io/transport-node';

/** For one answer; a server that writes to a slow disk takes a while. */
const PATIENCE_MS = 3_000;
const NO_RESPONDERS = 503;

interface Told {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly options: { readonly reply?: string; readonly headers?: MsgHdrs };
  readonly request: Request | undefined;
}

interface Request {
  readonly number: number;
  readonly subject: string;
  readonly deadline: number;
  readonly read: (answer: Msg) => unknown;
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * What goes to the server, and the answers. All of one turn of the event loop goes at once, in order.
 *
 * The client's own `request` makes a timer, a race of two promises and an error with its stack for each, which costs more than all
 * else that a message needs; here one timer watches all of them.
 */
export class Line {
  readonly #connection: NatsConnection;
  readonly #clock: Clock;
  #outgoing: Told[] = [];
  /** What has something to say before that goes out. */
  #speakers: (() => void)[] = [];
  #isPlanned = false;
  /** In the order in which they were sent, which is that of their deadlines. */
  readonly #waiting: Map<number, Request> = new Map();
  #subscription: Subscription | undefined;
  /** Where answers go, followed by the number of the request. */
  #inbox = '';
  #asked = 0;
  #cancelTimer: CancelTimer | undefined;

  constructor(connection: NatsConnection, clock: Clock) {
    this.#connection = connection;
    this.#clock = clock;
  }

  /** Nobody waits for an answer: what is lost is lost. @param reply where others may answer */
  tell(subject: string, data: Uint8Array, reply?: string): void {
    this.#send({
      subject,
      data,
      options: reply === undefined ? {} : { reply },
      request: undefined,
    });
  }

  /**
   * Resolves with what `read` makes of the answer.
   * @throws what `read` throws; the errors of the client where no answer comes
   */
  request<T>(
    subject: string,
    data: Uint8Array,
    { headers, read }: { readonly headers?: MsgHdrs; readonly read: (answer: Msg) => T },
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const inbox = this.#listen();
      const number = this.#asked++;
      const deadline = this.#clock.now() + PATIENCE_MS;
      const request: Request = { number, subject, deadline, read, resolve, reject };
      this.#waiting.set(number, request);
      this.#cancelTimer ??= this.#clock.after(PATIENCE_MS, this.#expire);
      const reply = `${inbox}${number}`;
      const options = headers === undefined ? { reply } : { reply, headers };
      this.#send({ subject, data, options, request });
    });
  }

  /** No answer comes any more to those that were sent, or to those for one subject. */
  lost(error: Error, subject?: string): void {
    for (const request of this.#waiting.values())
      if (subject === undefined || request.subject === subject) this.#fail(request, error);
  }

  /** Calls `speak` at the end of this turn of the event loop, before what was said goes out. */
  atEnd(speak: () => void): void {
    this.#speakers.push(speak);
    this.#plan();
  }

  /** What was said goes out now. */
  flush(): void {
    const speakers = this.#speakers;
    this.#speakers = [];
    for (const speak of speakers) speak();
    this.#isPlanned = false;
    const outgoing = this.#outgoing;
    this.#outgoing = [];
    for (const { subject, data, options, request } of outgoing) {
      if (request !== undefined && !this.#waiting.has(request.number)) continue;
      try {
        this.#connection.publish(subject, data, options);
      } catch (error) {
        if (request !== undefined) this.#fail(request, error);
      }
    }
  }

  /** The connection has ended. */
  close(): void {
    this.#cancelTimer?.();
    this.lost(new errors.ClosedConnectionError());
  }

  #send(told: Told): void {
    this.#outgoing.push(told);
    this.#plan();
  }

  #plan(): void {
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    setImmediate(() => this.flush());
  }

  #listen(): string {
    if (this.#subscription !== undefined) return this.#inbox;
    this.#inbox = `${createInbox()}.`;
    this.#subscription = this.#connection.subscribe(`${this.#inbox}*`, {
      callback: (error, msg) => {
        if (error === null) this.#answered(msg);
        else {
          // We may not listen; the next request finds out whether that is still so.
          this.#subscription = undefined;
          this.lost(error);
        }
      },
    });
    return this.#inbox;
  }

  #answered(msg: Msg): void {
    const number = Number(msg.subject.slice(this.#inbox.length));
    const request = this.#waiting.get(number);
    if (request === undefined) return;
    if (msg.data.length === 0 && msg.headers?.code === NO_RESPONDERS) {
      this.#fail(request, new errors.NoRespondersError(request.subject));
      return;
    }
    this.#waiting.delete(number);
    try {
      request.resolve(request.read(msg) as never);
    } catch (error) {
      request.reject(error);
    }
  }

  #fail(request: Request, error: unknown): void {
    this.#waiting.delete(request.number);
    request.reject(error);
  }

  readonly #expire = (): void => {
    this.#cancelTimer = undefined;
    const now = this.#clock.now();
    for (const request of this.#waiting.values()) {
      if (request.deadline > now) {
        this.#cancelTimer = this.#clock.after(request.deadline - now, this.#expire);
        return;
      }
      this.#fail(request, new errors.TimeoutError());
    }
  };
}
