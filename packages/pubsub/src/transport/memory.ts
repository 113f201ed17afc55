import { DaggerError, systemClock, type Clock } from '@dagger/core';
import type { Message } from '../message/message.ts';
import { Router } from '../subject/router.ts';
import { MemoryGroup, type Blocked, type GroupHost } from './memory-group.ts';
import type {
  Delivery,
  SubscribeOptions,
  Transport,
  TransportFeatures,
  TransportSubscription,
} from './transport.ts';

/** Channels within this process. Each group has a bounded queue of its own. */
export class MemoryTransport implements Transport, GroupHost {
  readonly name = 'memory';
  readonly features: TransportFeatures = {
    durable: false,
    atomic: true,
    shared: false,
    replay: false,
  };
  readonly #clock: Clock;
  readonly #groups: Map<string, MemoryGroup> = new Map();
  readonly #router: Router<MemoryGroup> = new Router();
  #blockedEver = 0;
  #isClosed = false;

  constructor({ clock = systemClock }: { readonly clock?: Clock } = {}) {
    this.#clock = clock;
  }

  after(ms: number, wake: () => void): () => void {
    return this.#clock.after(ms, wake);
  }

  publish(messages: readonly Message[], signal?: AbortSignal): Promise<void> | void {
    this.#mustBeOpen();
    return this.#letIn(messages, false, signal);
  }

  /** What a handler publishes with its acknowledgement. */
  publishOutputs(messages: readonly Message[]): Promise<void> | void {
    this.#mustBeOpen();
    return this.#letIn(messages, true, undefined);
  }

  #letIn(
    messages: readonly Message[],
    isOutput: boolean,
    signal: AbortSignal | undefined,
  ): Promise<void> | void {
    const full = this.#fullFor(messages, isOutput);
    if (full !== undefined) return this.#wait(messages, full, { signal, isOutput });
    this.#route(messages);
    return undefined;
  }

  #wait(
    messages: readonly Message[],
    full: MemoryGroup,
    { signal, isOutput }: { readonly signal: AbortSignal | undefined; readonly isOutput: boolean },
  ): Promise<void> {
    let blocked!: Blocked;
    const admitted = new Promise<void>((admit, refuse) => {
      const number = this.#blockedEver++;
      blocked = { messages, isOutput, number, admit, refuse, isOver: false };
    });
    full.block(blocked);
    return signal === undefined ? admitted : abortable(blocked, admitted, signal);
  }

  /** Lets in those that have waited longest, as far as there is room. */
  hasRoom(group: MemoryGroup): void {
    for (let next = group.nextBlocked(); next !== undefined; next = group.nextBlocked()) {
      let full: MemoryGroup | undefined;
      try {
        full = this.#fullFor(next.messages, true);
        if (full === group) return;
        group.unblock(next);
        if (full !== undefined) {
          full.block(next);
          continue;
        }
        next.isOver = true;
        this.#route(next.messages);
        next.admit();
      } catch (error) {
        giveUp(next, error);
      }
    }
  }

  /**
   * Refuses the handler that has waited longest for room, when all who could make room wait for some themselves.
   * @returns whether any waited
   */
  relieve(): boolean {
    let oldest: Blocked | undefined;
    for (const group of this.#groups.values())
      for (const blocked of group.allBlocked())
        if (blocked.isOutput && blocked.number < (oldest?.number ?? Number.POSITIVE_INFINITY))
          oldest = blocked;
    if (oldest === undefined) return false;
    giveUp(
      oldest,
      new DaggerError(
        'CHANNEL_DEADLOCK',
        'there is no room for what is published, and all who could make room wait for some themselves: raise the capacity, or choose another overflow',
        { recoverable: true },
      ),
    );
    return true;
  }

  /** A group that has no room for its share, where that means waiting. @throws DaggerError CHANNEL_FULL */
  #fullFor(messages: readonly Message[], mayPass: boolean): MemoryGroup | undefined {
    if (messages.length === 1) {
      const only = messages[0] as Message;
      const groups = this.#router.match(only.channel);
      for (let i = 0; i < groups.length; i++) {
        const group = groups[i] as MemoryGroup;
        if (wanted(group, only) && isFull(group, 1, only.channel, mayPass)) return group;
      }
      return undefined;
    }
    const shares = new Map<MemoryGroup, number>();
    for (const message of messages)
      for (const group of this.#router.match(message.channel))
        if (wanted(group, message)) shares.set(group, (shares.get(group) ?? 0) + 1);
    let full: MemoryGroup | undefined;
    for (const [group, share] of shares)
      if (isFull(group, share, messages[0]?.channel ?? '', mayPass)) full ??= group;
    return full;
  }

  #route(messages: readonly Message[]): void {
    for (let m = 0; m < messages.length; m++) {
      const message = messages[m] as Message;
      const groups = this.#router.match(message.channel);
      for (let i = 0; i < groups.length; i++) {
        const group = groups[i] as MemoryGroup;
        if (!wanted(group, message)) continue;
        const dropped = group.push(message);
        if (dropped !== undefined) group.options.dropped(dropped);
        group.pump();
      }
    }
  }

  async subscribe(
    options: SubscribeOptions,
    deliver: (delivery: Delivery) => void,
  ): Promise<TransportSubscription> {
    this.#mustBeOpen();
    let group = this.#groups.get(options.group);
    if (group === undefined) {
      group = new MemoryGroup(options, this);
      this.#groups.set(options.group, group);
      for (const pattern of options.patterns) this.#router.add(pattern, group);
    }
    const leave = group.join(options, deliver);
    // What a group that nobody is in any more had waiting stays for those who come back.
    return { stop: () => Promise.resolve(leave()) };
  }

  find(correlationId: string): Message | undefined {
    const isIt = (message: Message): boolean => message.correlationId === correlationId;
    for (const group of this.#groups.values()) {
      for (const message of group.waiting()) if (isIt(message)) return message;
      for (const { messages } of group.allBlocked()) {
        const found = messages.find(isIt);
        if (found !== undefined) return found;
      }
    }
    return undefined;
  }

  /** Messages that wait for a group. */
  waiting(group: string): number {
    return this.#groups.get(group)?.length ?? 0;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const closed = closedError();
    for (const group of this.#groups.values())
      for (const blocked of group.allBlocked()) giveUp(blocked, closed);
    for (const group of this.#groups.values()) group.close();
  }

  #mustBeOpen(): void {
    if (this.#isClosed) throw closedError();
  }
}

const abortable = async (
  blocked: Blocked,
  admitted: Promise<void>,
  signal: AbortSignal,
): Promise<void> => {
  const abort = (): void => {
    if (!blocked.isOver) giveUp(blocked, signal.reason);
  };
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  try {
    await admitted;
  } finally {
    signal.removeEventListener('abort', abort);
  }
};

const giveUp = (blocked: Blocked, error: unknown): void => {
  blocked.isOver = true;
  blocked.refuse(error);
};

const closedError = (): DaggerError => new DaggerError('BUS_CLOSED', 'the bus was closed');

const wanted = (group: MemoryGroup, { source }: Message): boolean =>
  source === null || !group.options.exceptFrom.has(source);

/** @throws DaggerError CHANNEL_FULL where that is what the group wants */
const isFull = (group: MemoryGroup, count: number, channel: string, mayPass: boolean): boolean => {
  const { overflow, capacity } = group.options;
  if (overflow === 'dropOldest' || overflow === 'dropNewest') return false;
  if (group.hasRoomFor(count)) return !mayPass && group.isAwaited;
  if (overflow === 'error')
    throw new DaggerError(
      'CHANNEL_FULL',
      `no room in '${channel}': ${group.length} messages wait for '${group.name}', and ${capacity} may`,
      { ids: { agent: group.name }, recoverable: true },
    );
  return true;
};
