import type { CancelTimer } from '@dagger/core';
import type { Delivery, Message, SubscribeOptions, TransportSubscription } from '@dagger/pubsub';
import type { JetStreamManager } from '@nats-io/jetstream';
import type { Msg, NatsConnection } from '@nats-io/transport-node';
import { ACK, Acks } from './acks.ts';
import { deliveryInfo } from './ack-subject.ts';
import { deadLetterOf } from './dead-letter.ts';
import { ensureDurable, type Durable } from './durable.ts';
import { busClosed } from './failures.ts';
import { channelOf, durableName, subjectOf } from './names.ts';
import { NatsDelivery, type Came, type DeliveryHost } from './nats-delivery.ts';
import type { Settings } from './options.ts';
import { covers, disjoint } from './patterns.ts';
import { persistently, type Patience } from './persistently.ts';
import type { Publisher } from './publisher.ts';
import { Pull } from './pull.ts';
import { reasonOf } from './reason.ts';
import { Recent } from './recent.ts';
import type { Line } from './line.ts';
import { decode } from './wire.ts';

const WORKING = Buffer.from('+WPI');
/** Without a reason: older servers ignore one that has it, and deliver again. */
const TERM = Buffer.from('+TERM');
const NAK = '-NAK';

/** For what could not be handed over, and is tried again. */
const AGAIN_MS = 1_000;
/** What a member gives back when it stops comes to others after a moment. At once, it might come to the same one again. */
const ELSEWHERE_MS = 200;
/** Messages remembered as done, for acknowledgements that a server lost when it died. */
const REMEMBERED = 4_096;

export interface SubscriptionHost {
  readonly settings: Settings;
  readonly connection: NatsConnection;
  readonly jsm: JetStreamManager;
  readonly line: Line;
  readonly publisher: Publisher;
  readonly patience: Patience;
  /** It has stopped, and nothing is under way any more. */
  readonly ended: (subscription: NatsSubscription) => void;
}

/** One member of a group: asks for as many messages as it has room for, and hands them over. */
export class NatsSubscription implements TransportSubscription, DeliveryHost {
  readonly #host: SubscriptionHost;
  readonly #options: SubscribeOptions;
  readonly #deliver: (delivery: Delivery) => void;
  readonly #pulls: Pull[] = [];
  /** Not acknowledged yet, those that wait included; by sequence. */
  readonly #held: Map<number, NatsDelivery> = new Map();
  /** Came by several consumers at a time, beyond what was asked for in all. */
  readonly #waiting: NatsDelivery[] = [];
  readonly #done: Recent = new Recent(REMEMBERED);
  readonly #sweepMs: number;
  #cancelSweep: CancelTimer | undefined;
  #isStopped = false;
  /** Nothing comes any more, after it has stopped. */
  #isQuiet = false;
  #quiet: Promise<void> | undefined;
  /** The highest sequence that came. */
  #latest = 0;
  /** Messages come that no pattern is for, where one consumer serves several. */
  readonly #isWider: boolean;

  private constructor(
    host: SubscriptionHost,
    options: SubscribeOptions,
    {
      deliver,
      isWider,
    }: { readonly deliver: (delivery: Delivery) => void; readonly isWider: boolean },
  ) {
    this.#host = host;
    this.#options = options;
    this.#deliver = deliver;
    this.#isWider = isWider;
    this.#sweepMs = Math.ceil(host.settings.ackWaitMs / 3);
  }

  /** @throws DaggerError STORAGE_FAILED, BUS_CLOSED */
  static async open(
    host: SubscriptionHost,
    options: SubscribeOptions,
    deliver: (delivery: Delivery) => void,
  ): Promise<NatsSubscription> {
    const { stream, prefix, ackWaitMs } = host.settings;
    const { group, patterns } = options;
    const wanted = disjoint(patterns);
    const durables = wanted.map((pattern): Durable => ({
      stream,
      name: durableName(group, pattern),
      group,
      filter: subjectOf(prefix, pattern),
      ackWaitMs,
    }));
    for (const durable of durables) await ensureDurable(host, durable, options.from);
    if (host.patience.isClosed()) throw busClosed();
    const subscription = new NatsSubscription(host, options, {
      deliver,
      isWider: wanted.some((pattern) => !patterns.includes(pattern)),
    });
    subscription.#start(durables);
    return subscription;
  }

  #start(durables: readonly Durable[]): void {
    const { connection, settings, line, patience } = this.#host;
    for (const durable of durables) {
      const acks = new Acks({ line, patience });
      this.#pulls.push(
        new Pull({
          connection,
          line,
          clock: settings.clock,
          stream: durable.stream,
          consumer: durable.name,
          received: (msg, now) => this.#received(msg, { acks, now }),
          room: () => this.#pump(),
          mend: () => this.#mend(durable),
        }),
      );
    }
    this.#sweep();
    this.#pump();
  }

  /** The connection is a new one. */
  reconnected(): void {
    for (const pull of this.#pulls) pull.reset();
  }

  stop(): Promise<void> {
    this.#quiet ??= this.#stop();
    return this.#quiet;
  }

  /** What is not acknowledged goes to others. */
  async close(): Promise<void> {
    await this.stop();
    for (const delivery of this.#held.values()) this.#say(delivery.reply, nak(ELSEWHERE_MS));
    this.#held.clear();
    this.#restWhenDone();
  }

  async #stop(): Promise<void> {
    this.#isStopped = true;
    // Nobody looks at them here; others of the group may.
    for (const delivery of this.#waiting.splice(0)) {
      this.#held.delete(delivery.sequence);
      this.#say(delivery.reply, nak(ELSEWHERE_MS));
    }
    await Promise.all(this.#pulls.map((pull) => pull.stop()));
    this.#isQuiet = true;
    this.#restWhenDone();
  }

  // ——— messages that come ———

  #received(msg: Msg, { acks, now }: { readonly acks: Acks; readonly now: number }): void {
    const reply = msg.reply ?? '';
    const info = deliveryInfo(reply);
    if (info === undefined) return;
    if (info.sequence > this.#latest) this.#latest = info.sequence;
    const known = this.#held.get(info.sequence);
    if (known?.time === info.time) known.reply = reply;
    else if (this.#done.has(info)) this.#say(reply, ACK);
    else if (this.#isStopped) this.#say(reply, nak(ELSEWHERE_MS));
    else this.#read(msg, { info, reply, acks, since: now });
    this.#pump();
  }

  #read(msg: Msg, came: Came): void {
    const { info, reply } = came;
    const { prefix } = this.#host.settings;
    const { patterns, exceptFrom, overflow, capacity, dropped } = this.#options;
    const channel = channelOf(prefix, msg.subject);
    if (this.#isWider && !patterns.some((pattern) => covers(pattern, channel))) {
      this.#say(reply, ACK);
      return;
    }
    let message: Message;
    try {
      message = decode(msg, info, prefix);
    } catch (error) {
      void this.#bury(msg, came, reasonOf(error));
      return;
    }
    if (message.source !== null && exceptFrom.has(message.source)) {
      this.#say(reply, ACK);
      return;
    }
    // It is the oldest one, and so many are behind it.
    if (overflow === 'dropOldest' && info.attempt === 1 && info.pending >= capacity) {
      this.#say(reply, ACK);
      dropped(message);
      return;
    }
    const delivery = new NatsDelivery(this, message, came);
    this.#held.set(info.sequence, delivery);
    this.#waiting.push(delivery);
  }

  /** Hands over what there is room for, and asks for more. */
  #pump(): void {
    const { maxInFlight } = this.#options;
    while (this.#waiting.length > 0 && this.#held.size - this.#waiting.length < maxInFlight) {
      const delivery = this.#waiting.shift();
      if (delivery !== undefined) this.#handOver(delivery);
    }
    if (this.#isStopped) return;
    const free = maxInFlight - this.#held.size;
    const share = Math.floor(free / this.#pulls.length);
    for (const pull of this.#pulls) {
      // Fewer than consumers: each is asked for one, as nobody knows which of them has some.
      const wanted = free > 0 ? Math.max(1, share) - pull.outstanding : 0;
      // Not one by one, where several are wanted.
      if (wanted > 0 && (pull.outstanding === 0 || wanted * 4 >= maxInFlight)) pull.ask(wanted);
    }
  }

  #handOver(delivery: NatsDelivery): void {
    try {
      this.#deliver(delivery);
    } catch (error) {
      this.#log('error', 'a message could not be handed over', delivery.message.id, error);
      this.#release(delivery);
      this.#say(delivery.reply, nak(AGAIN_MS));
    }
  }

  /** A message that is not JSON becomes a dead letter. */
  async #bury(msg: Msg, { info, reply }: Came, reason: string): Promise<void> {
    const { settings, publisher } = this.#host;
    const { prefix, clock, logger } = settings;
    const letter = deadLetterOf(msg, info, {
      prefix,
      group: this.#options.group,
      reason,
      now: clock.now(),
    });
    logger('error', 'a message cannot be read', {
      group: this.#options.group,
      subject: msg.subject,
      sequence: info.sequence,
      error: reason,
    });
    try {
      if (letter !== undefined) await publisher.publish([letter]);
      this.#say(reply, TERM);
    } catch (error) {
      this.#log('warn', 'a dead letter could not be published', letter?.id ?? '', error);
      this.#say(reply, nak(AGAIN_MS));
    }
  }

  // ——— deliveries that end ———

  async finish(delivery: NatsDelivery, outputs: readonly Message[]): Promise<void> {
    if (this.#host.patience.isClosed()) throw busClosed();
    let isDone = false;
    try {
      if (outputs.length > 0) await this.#host.publisher.publish(outputs);
      await delivery.acks.confirm(delivery);
      this.#done.add(delivery);
      isDone = true;
    } finally {
      delivery.acked(isDone);
      // Also when it failed: it comes again, perhaps elsewhere.
      this.#release(delivery);
      this.#pump();
    }
  }

  async giveBack(delivery: NatsDelivery, delayMs: number): Promise<void> {
    const { line, patience } = this.#host;
    if (patience.isClosed()) return;
    // Before the server hears of it: what comes then is a delivery of its own.
    this.#release(delivery);
    const leastMs = this.#isStopped ? ELSEWHERE_MS : 0;
    const { id, channel } = delivery.message;
    try {
      await persistently(patience, {
        what: `message '${id}' of '${channel}' could not be given back`,
        attempt: () =>
          line.request(delivery.reply, nak(Math.max(delayMs, leastMs)), { read: () => {} }),
      });
    } finally {
      this.#pump();
    }
  }

  #release(delivery: NatsDelivery): void {
    if (this.#held.get(delivery.sequence) === delivery) this.#held.delete(delivery.sequence);
    this.#restWhenDone();
  }

  /** Without an answer: what is lost comes again. */
  #say(reply: string, what: Uint8Array): void {
    this.#host.line.tell(reply, what);
  }

  // ——— time ———

  /** The server hears of what takes long, before it gives it to others. */
  #sweep(): void {
    const { clock } = this.#host.settings;
    this.#cancelSweep = clock.after(this.#sweepMs, () => {
      const due = clock.now() - this.#sweepMs;
      for (const { since, reply } of this.#held.values())
        if (since <= due) this.#say(reply, WORKING);
      this.#sweep();
    });
  }

  #restWhenDone(): void {
    if (!this.#isQuiet || this.#held.size > 0) return;
    this.#cancelSweep?.();
    this.#host.ended(this);
  }

  /** The consumer may have been deleted by somebody. */
  async #mend(durable: Durable): Promise<void> {
    const { settings } = this.#host;
    if (this.#host.patience.isClosed()) return;
    let oldest = this.#latest + 1;
    for (const { sequence } of this.#held.values()) oldest = Math.min(oldest, sequence);
    const from = this.#latest === 0 ? this.#options.from : { offset: oldest };
    try {
      if ((await ensureDurable(this.#host, durable, from)) === 'new')
        settings.logger(
          'error',
          'a consumer was gone; messages that waited for another attempt are lost',
          {
            group: durable.group,
            consumer: durable.name,
          },
        );
    } catch (error) {
      this.#log('warn', 'a consumer does not answer', durable.name, error);
      throw error;
    }
  }

  #log(level: 'warn' | 'error', text: string, id: string, error: unknown): void {
    this.#host.settings.logger(level, text, {
      group: this.#options.group,
      id,
      error: reasonOf(error),
    });
  }
}

const nak = (delayMs: number): Uint8Array =>
  Buffer.from(delayMs >= 1 ? `${NAK} {"delay": ${Math.round(delayMs) * 1_000_000}}` : NAK);
