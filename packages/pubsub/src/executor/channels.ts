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
  readonly #watchers: Router<Subscriber<Message>> = new Router();
  readonly #subscribers: Set<Subscriber<Message>> = new Set();
  /** Told one after the other, so that nobody sees an effect before its cause when a watcher publishes. */
  readonly #untold: Ring<Message> = new Ring();
  #isTelling = false;
  #isClosed = false;

  /** A message is on its way. */
  seen(message: Message, now: number): void {
    const channel = this.#channels.get(message.channel);
    if (channel === undefined) this.#make(message.channel, now, 1);
    else {
      channel.published++;
      channel.lastAt = now;
    }
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

  #make(name: string, now: number, published: number): void {
    this.#channels.set(name, { name, published, createdAt: now, lastAt: now });
    if (this.#channels.size <= MOST_CHANNELS) return;
    let idlest: Channel | undefined;
    let looked = 0;
    for (const channel of this.#channels.values()) {
      if (channel.name !== name && (idlest === undefined || channel.lastAt < idlest.lastAt))
        idlest = channel;
      if (++looked === 16) break;
    }
    if (idlest !== undefined) this.#channels.delete(idlest.name);
  }

  /** A channel that agents name, before any message. */
  name(channel: string, now: number): void {
    if (!this.#channels.has(channel)) this.#make(channel, now, 0);
  }

  forget(channel: string): boolean {
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
