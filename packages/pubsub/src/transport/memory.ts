import { DaggerError, systemClock, type Clock } from '@dagger/core';
import type { Message } from '../message/message.ts';
import { Router } from '../subject/router.ts';
import { MemoryGroup, type GroupHost } from './memory-group.ts';
import type {
  Delivery,
  SubscribeOptions,
  Transport,
  TransportFeatures,
  TransportSubscription,
} from './transport.ts';

/** Somebody waits until there is room for what he publishes. */
interface Blocked {
  readonly refuse: (error: DaggerError) => void;
  /** It is the output of a handler, which keeps its slot meanwhile. */
  readonly isOutput: boolean;
}

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
  readonly #blocked: Set<Blocked> = new Set();
  #isClosed = false;

  constructor({ clock = systemClock }: { readonly clock?: Clock } = {}) {
    this.#clock = clock;
  }

  after(ms: number, wake: () => void): () => void {
    return this.#clock.after(ms, wake);
  }

  publish(messages: readonly Message[], signal?: AbortSignal): Promise<void> | void {
    this.#mustBeOpen();
    const full = this.#fullFor(messages);
    if (full !== undefined) return this.#wait(messages, full, { signal, isOutput: false });
    this.#route(messages);
    return undefined;
  }

  /** What a handler publishes with its acknowledgement. */
  publishOutputs(messages: readonly Message[]): Promise<void> | void {
    this.#mustBeOpen();
    const full = this.#fullFor(messages);
    if (full !== undefined)
      return this.#wait(messages, full, { signal: undefined, isOutput: true });
    this.#route(messages);
    return undefined;
  }

  async #wait(
    messages: readonly Message[],
    first: MemoryGroup,
    { signal, isOutput }: { readonly signal: AbortSignal | undefined; readonly isOutput: boolean },
  ): Promise<void> {
    let refuse!: (error: unknown) => void;
    const refused = new Promise<never>((_, reject) => (refuse = reject));
    refused.catch(() => {});
    const blocked: Blocked = { refuse, isOutput };
    const abort = (): void => refuse(signal?.reason);
    signal?.addEventListener('abort', abort, { once: true });
    if (signal?.aborted === true) abort();
    this.#blocked.add(blocked);
    try {
      for (let full: MemoryGroup | undefined = first; full !== undefined;) {
        await Promise.race([full.room(), refused]);
        this.#mustBeOpen();
        full = this.#fullFor(messages);
      }
      this.#route(messages);
    } finally {
      this.#blocked.delete(blocked);
      signal?.removeEventListener('abort', abort);
    }
  }

  /**
   * Refuses the handler that has waited longest for room, when all who could make room wait for some themselves.
   * @returns whether any waited
   */
  relieve(): boolean {
    const oldest = [...this.#blocked].find(({ isOutput }) => isOutput);
    if (oldest === undefined) return false;
    this.#blocked.delete(oldest);
    oldest.refuse(
      new DaggerError(
        'CHANNEL_DEADLOCK',
        'there is no room for what is published, and all who could make room wait for some themselves: raise the capacity, or choose another overflow',
        { recoverable: true },
      ),
    );
    return true;
  }

  /** A group that has no room for its share, where that means waiting. @throws DaggerError CHANNEL_FULL */
  #fullFor(messages: readonly Message[]): MemoryGroup | undefined {
    const [only] = messages;
    if (messages.length === 1 && only !== undefined) {
      for (const group of this.#router.match(only.channel))
        if (wanted(group, only) && isFull(group, 1, only.channel)) return group;
      return undefined;
    }
    const shares = new Map<MemoryGroup, number>();
    for (const message of messages)
      for (const group of this.#router.match(message.channel))
        if (wanted(group, message)) shares.set(group, (shares.get(group) ?? 0) + 1);
    let full: MemoryGroup | undefined;
    for (const [group, share] of shares)
      if (isFull(group, share, messages[0]?.channel ?? '')) full ??= group;
    return full;
  }

  #route(messages: readonly Message[]): void {
    for (const message of messages)
      for (const group of this.#router.match(message.channel)) {
        if (!wanted(group, message)) continue;
        const dropped = group.push(message);
        if (dropped !== undefined) group.options.dropped(dropped);
        group.pump();
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

  /** Messages that wait for a group. */
  waiting(group: string): number {
    return this.#groups.get(group)?.length ?? 0;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const closed = closedError();
    for (const { refuse } of this.#blocked) refuse(closed);
    this.#blocked.clear();
    for (const group of this.#groups.values()) group.close();
  }

  #mustBeOpen(): void {
    if (this.#isClosed) throw closedError();
  }
}

const closedError = (): DaggerError => new DaggerError('BUS_CLOSED', 'the bus was closed');

const wanted = ({ options: { exceptFrom } }: MemoryGroup, { source }: Message): boolean =>
  source === null || !exceptFrom.has(source);

/** @throws DaggerError CHANNEL_FULL where that is what the group wants */
const isFull = (group: MemoryGroup, count: number, channel: string): boolean => {
  const { overflow, capacity } = group.options;
  if (overflow === 'dropOldest' || overflow === 'dropNewest' || group.hasRoomFor(count))
    return false;
  if (overflow === 'error')
    throw new DaggerError(
      'CHANNEL_FULL',
      `no room in '${channel}': ${group.length} messages wait for '${group.name}', and ${capacity} may`,
      { ids: { agent: group.name }, recoverable: true },
    );
  return true;
};
