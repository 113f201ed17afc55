import type { Timers } from '@dagger/core/kernel';
import type { AnyPubSubAgent } from '../agent/agent.ts';
import type { AgentRegistry } from '../agent/registry.ts';
import { fullRetry } from '../agent/retry-policy.ts';
import { DEFAULT_CAPACITY } from '../channel/options.ts';
import { compose } from '../middleware/middleware.ts';
import { isPattern } from '../subject/subject.ts';
import type { TransportSubscription } from '../transport/transport.ts';
import type { Channels } from './channels.ts';
import { Consumer } from './consumer.ts';
import type { Exchange, Reader } from './exchange.ts';
import type { PubSubOptions } from './options.ts';

interface Member {
  readonly group: string;
  readonly subscription: TransportSubscription;
}

export interface MembersOptions {
  readonly options: PubSubOptions;
  readonly agents: AgentRegistry;
  readonly channels: Channels;
  readonly timers: Timers;
}

/** Deliveries that a consumer may hold for each that it handles, where some wait for others of their key. */
const LANE_SLACK = 4;

/** The agents that receive messages. */
export class Members {
  readonly #exchange: Exchange;
  readonly #options: MembersOptions;
  readonly #members: Map<string, Member> = new Map();
  /** By group: a message counts once for a group, however many are in it. */
  readonly #readers: Map<string, readonly (() => void)[]> = new Map();

  constructor(exchange: Exchange, options: MembersOptions) {
    this.#exchange = exchange;
    this.#options = options;
  }

  async join(agent: AnyPubSubAgent): Promise<void> {
    const exchange = this.#exchange;
    const { options, agents, channels } = this.#options;
    const group = agent.group ?? agent.name;
    const consumer = this.#consumerOf(agent);
    exchange.contracts.add(agent);
    for (const pattern of agent.subscriptions)
      if (!isPattern(pattern)) channels.name(pattern, exchange.clock.now());
    const exceptFrom = agents.ownOf(group);
    this.#read(agent, { group, exceptFrom });
    try {
      const subscription = await exchange.transport.subscribe(
        {
          patterns: agent.subscriptions,
          group,
          from: options.from ?? 'new',
          maxInFlight: consumer.concurrency * (agent.orderBy === undefined ? 1 : LANE_SLACK),
          capacity: agent.capacity ?? DEFAULT_CAPACITY,
          overflow: agent.overflow ?? 'block',
          exceptFrom,
          dropped: (message) => exchange.dropped(message, group),
        },
        (delivery) => consumer.deliver(delivery),
      );
      this.#members.set(agent.name, { group, subscription });
    } catch (error) {
      // Nobody waits for what it would have received.
      this.#forget(agent.name, group);
      throw error;
    }
  }

  #consumerOf(agent: AnyPubSubAgent): Consumer {
    const { options, timers } = this.#options;
    const handler = compose(
      [...(options.middleware ?? []), ...(agent.middleware ?? [])],
      (message, ctx) => agent.processMessage(message as never, ctx),
      agent,
    );
    return new Consumer({
      agent,
      handler,
      exchange: this.#exchange,
      timers,
      retry: fullRetry(agent.retry ?? options.retry),
      timeout: agent.timeout ?? options.timeout,
    });
  }

  #read({ subscriptions }: AnyPubSubAgent, reader: Reader): void {
    if (this.#readers.has(reader.group)) return;
    const { readers } = this.#exchange;
    this.#readers.set(
      reader.group,
      subscriptions.map((pattern) => readers.add(pattern, reader)),
    );
  }

  async leave(name: string): Promise<void> {
    const member = this.#members.get(name);
    if (member === undefined) return;
    this.#members.delete(name);
    this.#forget(name, member.group);
    await member.subscription.stop();
  }

  #forget(name: string, group: string): void {
    this.#exchange.contracts.remove(name);
    if ([...this.#members.values()].some((other) => other.group === group)) return;
    for (const remove of this.#readers.get(group) ?? []) remove();
    this.#readers.delete(group);
  }

  async stop(): Promise<void> {
    for (const { subscription } of this.#members.values()) await subscription.stop();
  }
}
