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
  /** A message that waited has been taken. */
  hasRoom(group: MemoryGroup): void;
  /** Undefined when there was room at once. */
  publishOutputs(messages: readonly Message[]): Promise<void> | void;
  after(ms: number, wake: () => void): CancelTimer;
}

/** Somebody waits until there is room for what he publishes. */
export interface Blocked {
  readonly messages: readonly Message[];
  /** It is the output of a handler, which keeps its slot meanwhile. */
  readonly isOutput: boolean;
  /** Grows with each. */
  readonly number: number;
  readonly admit: () => void;
  readonly refuse: (error: unknown) => void;
  /** It waits no more. */
  isOver: boolean;
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
  /** Those for whom there is no room here, in the order in which they came. Outputs of handlers come first. */
  readonly #outputs: Ring<Blocked> = new Ring();
  readonly #publications: Ring<Blocked> = new Ring();
  #next = 0;
  #isPumping = false;

  constructor(options: SubscribeOptions, host: GroupHost) {
    this.name = options.group;
    this.options = options;
    this.#host = host;
  }

  get length(): number {
    return this.#waiting.length;
  }

  join(options: SubscribeOptions, deliver: (delivery: Delivery) => void): () => void {
    const member: Member = { options, deliver, inFlight: 0 };
    this.#members.push(member);
    this.pump();
    return () => {
      const at = this.#members.indexOf(member);
      if (at !== -1) this.#members.splice(at, 1);
      this.#next = 0;
    };
  }

  /** More than fit at all are let in when nothing waits. */
  hasRoomFor(count: number): boolean {
    return this.#waiting.length === 0 || this.#waiting.length + count <= this.options.capacity;
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

  waiting(): Iterable<Message> {
    return this.#waiting;
  }

  // ——— those who wait for room ———

  /** Whether somebody from outside waits already, whom nobody may pass. */
  get isAwaited(): boolean {
    return this.#publications.length > 0;
  }

  block(blocked: Blocked): void {
    (blocked.isOutput ? this.#outputs : this.#publications).push(blocked);
  }

  /** Who is to be let in next. */
  nextBlocked(): Blocked | undefined {
    return firstOf(this.#outputs) ?? firstOf(this.#publications);
  }

  /** Takes away whom `nextBlocked` gave. */
  unblock({ isOutput }: Blocked): void {
    (isOutput ? this.#outputs : this.#publications).shift();
  }

  *allBlocked(): Iterable<Blocked> {
    for (const blocked of this.#outputs) if (!blocked.isOver) yield blocked;
    for (const blocked of this.#publications) if (!blocked.isOver) yield blocked;
  }

  // ——— handing out ———

  /** Hands out as long as there is something, and somebody who has room for it. */
  pump(): void {
    // Whoever is let in meanwhile is handed out by the loop that is under way, rather than further up the stack.
    if (this.#isPumping) return;
    this.#isPumping = true;
    try {
      for (;;) {
        if (this.#waiting.length === 0 && this.#returned.length === 0) return;
        const member = this.#free();
        if (member === undefined) return;
        const again = this.#returned.shift();
        const message = again?.message ?? this.#waiting.shift();
        if (message === undefined) return;
        member.inFlight++;
        if (again === undefined && (this.#publications.length > 0 || this.#outputs.length > 0))
          this.#host.hasRoom(this);
        member.deliver(new MemoryDelivery(this, member, message, again?.attempt ?? 1));
      }
    } finally {
      this.#isPumping = false;
    }
  }

  #free(): Member | undefined {
    const { length } = this.#members;
    for (let i = 0; i < length; i++) {
      const at = this.#next;
      this.#next = at + 1 < length ? at + 1 : 0;
      const member = this.#members[at];
      if (member !== undefined && member.inFlight < member.options.maxInFlight) return member;
    }
    return undefined;
  }

  done(member: Member, outputs: readonly Message[]): Promise<void> | void {
    const published = outputs.length === 0 ? undefined : this.#host.publishOutputs(outputs);
    return published === undefined ? this.#finish(member) : this.#finishLater(member, published);
  }

  async #finishLater(member: Member, published: Promise<void>): Promise<void> {
    await published;
    this.#finish(member);
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
  }
}

/** The first that still waits. */
const firstOf = (ring: Ring<Blocked>): Blocked | undefined => {
  while (ring.first?.isOver === true) ring.shift();
  return ring.first;
};

class MemoryDelivery implements Delivery {
  declare readonly message: Message;
  declare readonly attempt: number;
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
    if (done !== undefined) return this.#settleLater(done);
    this.#settled = true;
    return undefined;
  }

  async #settleLater(done: Promise<void>): Promise<void> {
    await done;
    this.#settled = true;
  }

  nack(delayMs: number): void {
    if (this.#settled) return;
    this.#settled = true;
    const { message, attempt } = this;
    this.#group.giveBack(this.#member, { message, attempt: attempt + 1 }, delayMs);
  }
}
