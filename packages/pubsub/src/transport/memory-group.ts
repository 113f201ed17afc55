import type { CancelTimer } from '@dagger/core';
import { Ring } from '../channel/ring.ts';
import type { Message } from '../message/message.ts';
import type { Delivery, SubscribeOptions } from './transport.ts';

interface Member {
  readonly options: SubscribeOptions;
  readonly deliver: (delivery: Delivery) => void;
  inFlight: number;
}

/** What a group asks of its transport. */
export interface GroupHost {
  /** Undefined when there was room at once. */
  publishOutputs(messages: readonly Message[]): Promise<void> | void;
  after(ms: number, wake: () => void): CancelTimer;
}

interface Redelivery {
  readonly message: Message;
  readonly attempt: number;
}

/** The messages that wait for one group, and its members that take them in turn. */
export class MemoryGroup {
  readonly name: string;
  readonly options: SubscribeOptions;
  readonly #host: GroupHost;
  readonly #waiting: Ring<Message> = new Ring();
  /** Given back, and due again: before those that wait. */
  readonly #returned: Ring<Redelivery> = new Ring();
  readonly #members: Member[] = [];
  readonly #timers: Set<CancelTimer> = new Set();
  #next = 0;
  #roomWaiters: (() => void)[] = [];

  constructor(options: SubscribeOptions, host: GroupHost) {
    this.name = options.group;
    this.options = options;
    this.#host = host;
  }

  get length(): number {
    return this.#waiting.length;
  }

  get isEmpty(): boolean {
    return this.#members.length === 0;
  }

  join(options: SubscribeOptions, deliver: (delivery: Delivery) => void): () => void {
    const member: Member = { options, deliver, inFlight: 0 };
    this.#members.push(member);
    this.pump();
    return () => {
      const at = this.#members.indexOf(member);
      if (at !== -1) this.#members.splice(at, 1);
    };
  }

  /** More than fit at all are let in when nothing waits. */
  hasRoomFor(count: number): boolean {
    return this.#waiting.length === 0 || this.#waiting.length + count <= this.options.capacity;
  }

  room(): Promise<void> {
    return new Promise((resolve) => this.#roomWaiters.push(resolve));
  }

  /** @returns what was dropped to take it in, if anything was */
  push(message: Message): Message | undefined {
    const { capacity, overflow } = this.options;
    if (this.#waiting.length >= capacity) {
      if (overflow === 'dropNewest') return message;
      if (overflow === 'dropOldest') {
        const oldest = this.#waiting.shift();
        this.#waiting.push(message);
        return oldest;
      }
    }
    this.#waiting.push(message);
    return undefined;
  }

  /** Hands out as long as there is something, and somebody who has room for it. */
  pump(): void {
    for (;;) {
      if (this.#waiting.length === 0 && this.#returned.length === 0) return;
      const member = this.#free();
      if (member === undefined) return;
      const again = this.#returned.shift();
      const message = again?.message ?? this.#waiting.shift();
      if (message === undefined) return;
      if (again === undefined) this.#tellRoom();
      member.inFlight++;
      member.deliver(new MemoryDelivery(this, member, message, again?.attempt ?? 1));
    }
  }

  #free(): Member | undefined {
    const { length } = this.#members;
    for (let i = 0; i < length; i++) {
      const member = this.#members[(this.#next + i) % length];
      if (member !== undefined && member.inFlight < member.options.maxInFlight) {
        this.#next = (this.#next + i + 1) % length;
        return member;
      }
    }
    return undefined;
  }

  #tellRoom(): void {
    if (this.#roomWaiters.length === 0) return;
    for (const wake of this.#roomWaiters.splice(0)) wake();
  }

  done(member: Member, outputs: readonly Message[]): Promise<void> | void {
    const published = outputs.length === 0 ? undefined : this.#host.publishOutputs(outputs);
    if (published === undefined) return this.#finish(member);
    return published.then(() => this.#finish(member));
  }

  #finish(member: Member): void {
    member.inFlight--;
    this.pump();
  }

  giveBack(member: Member, redelivery: Redelivery, delayMs: number): void {
    member.inFlight--;
    const cancel = this.#host.after(delayMs, () => {
      this.#timers.delete(cancel);
      this.#returned.push(redelivery);
      this.pump();
    });
    this.#timers.add(cancel);
    this.pump();
  }

  close(): void {
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
    this.#members.length = 0;
    this.#waiting.drain();
    this.#returned.drain();
    this.#tellRoom();
  }
}

class MemoryDelivery implements Delivery {
  readonly message: Message;
  readonly attempt: number;
  readonly #group: MemoryGroup;
  readonly #member: Member;
  #settled = false;

  constructor(group: MemoryGroup, member: Member, message: Message, attempt: number) {
    this.#group = group;
    this.#member = member;
    this.message = message;
    this.attempt = attempt;
  }

  ack(outputs: readonly Message[]): Promise<void> | void {
    if (this.#settled) return undefined;
    const done = this.#group.done(this.#member, outputs);
    if (done === undefined) {
      this.#settled = true;
      return undefined;
    }
    return done.then(() => {
      this.#settled = true;
    });
  }

  nack(delayMs: number): void {
    if (this.#settled) return;
    this.#settled = true;
    const { message, attempt } = this;
    this.#group.giveBack(this.#member, { message, attempt: attempt + 1 }, delayMs);
  }
}
