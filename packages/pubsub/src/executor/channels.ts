import { Observable, type Subscriber } from 'rxjs';
import type { Message } from '../message/message.ts';
import { Ring } from '../channel/ring.ts';
import { Router } from '../subject/router.ts';

/** What is known of a channel. */
export interface ChannelStatus {
  readonly name: string;
  /** Agents and groups that receive its messages. */
  readonly subscribers: readonly string[];
  /** Messages published since it was made. */
  readonly published: number;
  /** Milliseconds since the Unix epoch. */
  readonly createdAt: number;
  readonly lastAt: number;
}

interface Channel {
  readonly name: string;
  published: number;
  readonly createdAt: number;
  lastAt: number;
}

/** Channels that nobody has used for longest are forgotten beyond this. */
const MOST_CHANNELS = 10_000;

/** The channels in use, made on demand, and those who watch them. */
export class Channels {
  readonly #channels: Map<string, Channel> = new Map();
  /** What was used last is often used next. */
  #last: Channel | undefined;
  readonly #watchers: Router<Subscriber<Message>> = new Router();
  readonly #subscribers: Set<Subscriber<Message>> = new Set();
  /** Told one after the other, so that nobody sees an effect before its cause when a watcher publishes. */
  readonly #untold: Ring<Message> = new Ring();
  #isTelling = false;
  #isClosed = false;

  /** A message is on its way. */
  seen(message: Message, now: number): void {
    const channel = this.#find(message.channel) ?? this.#make(message.channel, now);
    channel.published++;
    channel.lastAt = now;
    if (this.#subscribers.size === 0) return;
    this.#untold.push(message);
    if (this.#isTelling) return;
    this.#isTelling = true;
    try {
      for (let next = this.#untold.shift(); next !== undefined; next = this.#untold.shift())
        for (const watcher of this.#watchers.match(next.channel)) watcher.next(next);
    } finally {
      this.#isTelling = false;
    }
  }

  #find(name: string): Channel | undefined {
    if (this.#last?.name !== name) this.#last = this.#channels.get(name);
    return this.#last;
  }

  #make(name: string, now: number): Channel {
    const made = { name, published: 0, createdAt: now, lastAt: now };
    this.#channels.set(name, made);
    if (this.#channels.size > MOST_CHANNELS) this.#forgetIdlest(name);
    return made;
  }

  #forgetIdlest(but: string): void {
    let idlest: Channel | undefined;
    let looked = 0;
    for (const channel of this.#channels.values()) {
      if (channel.name !== but && (idlest === undefined || channel.lastAt < idlest.lastAt))
        idlest = channel;
      if (++looked === 16) break;
    }
    if (idlest !== undefined) this.forget(idlest.name);
  }

  /** Whether a channel is in use, so that its name is known to be a good one. */
  has(channel: string): boolean {
    return this.#find(channel) !== undefined;
  }

  /** A channel that agents name, before any message. */
  name(channel: string, now: number): void {
    if (!this.has(channel)) this.#make(channel, now);
  }

  forget(channel: string): boolean {
    this.#last = undefined;
    return this.#channels.delete(channel);
  }

  list(subscribersOf: (channel: string) => readonly string[]): readonly ChannelStatus[] {
    return [...this.#channels.values()].map((channel) => ({
      ...channel,
      subscribers: subscribersOf(channel.name),
    }));
  }

  /** The messages of a channel or pattern from now on. Hot: it keeps none for those who come later. */
  messages(pattern: string): Observable<Message> {
    return new Observable((subscriber) => {
      if (this.#isClosed) {
        subscriber.complete();
        return undefined;
      }
      const remove = this.#watchers.add(pattern, subscriber);
      this.#subscribers.add(subscriber);
      return () => {
        remove();
        this.#subscribers.delete(subscriber);
      };
    });
  }

  close(): void {
    this.#isClosed = true;
    for (const subscriber of this.#subscribers) subscriber.complete();
  }
}
