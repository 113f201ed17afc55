import {
  DaggerError,
  silentLogger,
  systemClock,
  systemIds,
  type Clock,
  type EventStream,
  type JsonValue,
} from '@dagger/core';
import { EventStream as Stream, sealJson, Timers } from '@dagger/core/kernel';
import type { AnyPubSubAgent } from '../agent/agent.ts';
import { AgentRegistry, type AgentSummary } from '../agent/registry.ts';
import type { Message } from '../message/message.ts';
import { checkPattern, checkSubject } from '../subject/subject.ts';
import { MemoryTransport } from '../transport/memory.ts';
import type { TraceEntry } from '../trace/entry.ts';
import { publishFrom, type Source, type SourceInput, type SourceOptions } from './source.ts';
import { entriesOf } from './trace-entries.ts';
import type { ChannelFace, PublishOptions } from './channel-face.ts';
import { Channels, type ChannelStatus } from './channels.ts';
import { Contracts } from './contracts.ts';
import type { BusEvent } from './events.ts';
import { checkHeaders } from './check-headers.ts';
import { checkMessageId } from './check-message-id.ts';
import { checkBusOptions } from './check-options.ts';
import { Exchange } from './exchange.ts';
import { checkLimits, limitsOf } from './limits.ts';
import { Members } from './members.ts';
import type { OwnMessage } from './own-message.ts';
import type { PubSubOptions, TreeLimits } from './options.ts';
import type { PubSubReport } from './report.ts';
import { Reviews, type PendingReview } from './reviews.ts';

/** What a run begins with. */
export interface FirstMessage extends Omit<PublishOptions, 'signal'> {
  readonly channel: string;
  readonly message: JsonValue;
}

export interface ExecuteOptions {
  /** Stops the tree: its handlers are told by their signals, and what they still give does not count. */
  readonly signal?: AbortSignal | undefined;
  /** Over those of the executor. */
  readonly limits?: TreeLimits | undefined;
}

const DEFAULT_KEPT = 10_000;
const EVENT_CAPACITY = 1_000;

/**
 * Agents on channels. Messages come from outside (`publish`, `execute`) and from the agents; each goes to every group that
 * subscribed to its channel.
 *
 * Closing waits for what is under way; afterwards every call rejects with BUS_CLOSED.
 */
export class PubSubExecutor implements AsyncDisposable {
  readonly agents: AgentRegistry = new AgentRegistry();
  /** What happens, for any number of watchers. */
  readonly events: EventStream<BusEvent>;
  readonly #options: PubSubOptions;
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #contracts: Contracts = new Contracts();
  readonly #channels: Channels = new Channels();
  readonly #exchange: Exchange;
  readonly #reviews: Reviews;
  readonly #members: Members;
  #closing: Promise<void> | undefined;

  private constructor(options: PubSubOptions) {
    const { clock = systemClock, channels = {}, trace = DEFAULT_KEPT } = options;
    this.#options = options;
    this.#clock = clock;
    this.#timers = new Timers(clock);
    this.events = new Stream<BusEvent>(EVENT_CAPACITY, () => {});
    if (options.onEvent !== undefined) this.events.subscribe(options.onEvent);
    this.#exchange = new Exchange({
      transport: options.transport ?? new MemoryTransport({ clock }),
      contracts: this.#contracts,
      clock,
      ids: options.ids ?? systemIds,
      logger: options.logger ?? silentLogger,
      appData: options.appData,
      kept: trace === false ? 0 : trace,
      limits: limitsOf(options.limits ?? {}),
      emit: (event) => {
        if (this.events.watched) Stream.emit(this.events, event);
      },
      isWatched: () => this.events.watched,
      seen: (message) => {
        this.#channels.seen(message, message.time);
        if (this.events.watched) Stream.emit(this.events, { type: 'MessagePublished', message });
      },
    });
    this.#reviews = new Reviews(this.#exchange, channels);
    this.#exchange.reviews = this.#reviews;
    this.#members = new Members(this.#exchange, {
      options,
      agents: this.agents,
      channels: this.#channels,
      timers: this.#timers,
    });
  }

  /** @throws DaggerError AGENT_INVALID, AGENT_DUPLICATE, CHANNEL_INVALID, CONFIG_INVALID, GROUP_MISMATCH */
  static async open(options: PubSubOptions = {}): Promise<PubSubExecutor> {
    checkBusOptions(options);
    const bus = new PubSubExecutor(options);
    for (const agent of options.agents ?? []) bus.agents.register(agent);
    bus.agents.mustAgree();
    try {
      await bus.#reviews.open();
      for (const agent of options.agents ?? []) await bus.#members.join(agent);
    } catch (error) {
      await bus.close({ drainSeconds: 0 });
      throw error;
    }
    return bus;
  }

  // ——— agents ———

  /** Adds an agent to a bus that is open. @throws DaggerError AGENT_INVALID, AGENT_DUPLICATE, GROUP_MISMATCH, BUS_CLOSED */
  async addAgent(agent: AnyPubSubAgent): Promise<void> {
    this.#mustBeOpen();
    this.agents.register(agent);
    try {
      this.agents.mustAgree();
      await this.#members.join(agent);
    } catch (error) {
      this.agents.remove(agent.name);
      throw error;
    }
  }

  /** Takes an agent away; what it is handling comes to its end. @throws DaggerError AGENT_UNKNOWN */
  async removeAgent(name: string): Promise<void> {
    this.agents.remove(name);
    await this.#members.leave(name);
  }

  /** Every agent with what it reads and writes. */
  listAgents(): readonly AgentSummary[] {
    return this.agents.list();
  }

  // ——— channels ———

  /** The channels in use. */
  listChannels(): readonly ChannelStatus[] {
    return this.#channels.list((channel) => [
      ...new Set(this.#exchange.readers.match(channel).map(({ group }) => group)),
    ]);
  }

  /** A channel, or a pattern of channels to watch. @throws DaggerError CHANNEL_INVALID */
  channel(name: string): ChannelFace {
    checkPattern(name);
    return {
      name,
      messages$: this.#channels.messages(name),
      publish: (payload, options) => this.publish(name, payload, options),
    };
  }

  // ——— messages from outside ———

  /**
   * Publishes a message, the first of its tree. Resolves when it is durable, or there is room for it.
   * @throws DaggerError CHANNEL_INVALID, NOT_JSON, MESSAGE_INVALID naming channel, path and value, CHANNEL_FULL, BUS_CLOSED
   */
  publish(
    channel: string,
    payload: JsonValue,
    options: PublishOptions = NO_OPTIONS,
  ): Promise<Message> {
    // Without `async`, which costs as much again as the rest where nothing has to be waited for.
    try {
      this.#mustBeOpen();
      const message = this.#first(channel, payload, options);
      const check = this.#contracts.check(channel, message.payload, null);
      if (check !== undefined) return this.#whenChecked(check, message, options.signal);
      return this.#exchange.publish(message, undefined, options.signal) ?? Promise.resolve(message);
    } catch (error) {
      return rejected(error);
    }
  }

  async #whenChecked(
    check: Promise<void>,
    message: OwnMessage,
    signal: AbortSignal | undefined,
  ): Promise<Message> {
    await check;
    await this.#exchange.publish(message, undefined, signal);
    return message;
  }

  #first(channel: string, payload: JsonValue, { headers, key, id }: PublishOptions): OwnMessage {
    if (!this.#channels.has(channel)) checkSubject(channel);
    if (headers !== undefined) checkHeaders(headers);
    if (id !== undefined) checkMessageId(id);
    return this.#exchange.make.first({
      channel,
      payload: sealJson(payload),
      source: null,
      headers,
      key,
      id,
    });
  }

  /**
   * Publishes a message and waits until nothing is left to be done of what it caused, or only what waits for people.
   * @throws DaggerError as `publish` does. Failures of agents are in the report
   */
  async execute(
    { channel, message: payload, headers, key, id }: FirstMessage,
    { signal, limits = {} }: ExecuteOptions = {},
  ): Promise<PubSubReport> {
    this.#mustBeOpen();
    checkLimits(limits, 'limits');
    const message = this.#first(channel, payload, { headers, key, id });
    await this.#contracts.check(channel, message.payload, null);
    const exchange = this.#exchange;
    const now = this.#clock.now();
    const own = limitsOf({ ...this.#options.limits, ...limits });
    const tree = exchange.trees.begin(message, own, now);
    // Somebody asks for its report.
    tree.ended = () => {};
    const cancelTimer = this.#timers.at(tree.deadline, () =>
      exchange.stop(tree, 'timeout', 'the time of the tree is over (timeout)'),
    );
    const abort = (): void => exchange.stop(tree, 'cancelled', 'cancelled');
    signal?.addEventListener('abort', abort, { once: true });
    try {
      if (signal?.aborted === true) abort();
      else {
        await exchange.publish(message, tree, signal);
        await exchange.undone.quiet(tree);
        exchange.look(tree);
        // Others may have decided.
        if (tree.held.size > 0) await this.#reviews.list();
      }
    } catch (error) {
      if (tree.stopped === null) throw error;
    } finally {
      cancelTimer();
      signal?.removeEventListener('abort', abort);
      tree.ended = undefined;
    }
    return tree.report(this.#clock.now());
  }

  /** Resolves when nothing is left to be done of any message, but what waits for people. */
  idle(): Promise<void> {
    return this.#exchange.undone.idle();
  }

  /**
   * Publishes what a source gives, in order; completes with it. An iterable, async or not, is asked for the next value when the
   * last is published, so it is held up while there is no room. An observable cannot be: what comes faster than there is room for
   * waits here, up to the capacity, and beyond that ends the subscription with CHANNEL_FULL.
   * @throws DaggerError CHANNEL_INVALID; CONFIG_INVALID where it is no source, such as a text, or an option is wrong
   */
  from(source: SourceInput, channel: string, options?: SourceOptions): Source {
    return publishFrom(source, channel, (payload) => this.publish(channel, payload), options);
  }

  // ——— people ———

  /** Messages that wait for a person; where channels are durable, also those that other processes hold. */
  async reviews(): Promise<readonly PendingReview[]> {
    this.#mustBeOpen();
    return this.#reviews.list();
  }

  /**
   * Lets a message through, as it is or with another payload: then that is a message of its own, which the held one caused. Where
   * there is no room for it, it goes on waiting for a person.
   * @throws DaggerError REVIEW_UNKNOWN, MESSAGE_INVALID, NOT_JSON, CHANNEL_FULL, BUS_CLOSED
   */
  async approve(messageId: string, edited?: { readonly payload?: JsonValue }): Promise<Message> {
    this.#mustBeOpen();
    return this.#reviews.approve(messageId, edited);
  }

  /** Makes a dead letter of it. @throws DaggerError REVIEW_UNKNOWN, CHANNEL_FULL, BUS_CLOSED */
  async reject(messageId: string, reason: string): Promise<void> {
    this.#mustBeOpen();
    await this.#reviews.reject(messageId, reason);
  }

  /** Stops a tree. @returns whether there was something to stop */
  cancel(correlationId: string): boolean {
    const tree = this.#exchange.find(correlationId);
    if (tree === undefined || (tree.pending === 0 && tree.held.size === 0)) return false;
    this.#exchange.stop(tree, 'cancelled', 'cancelled');
    return true;
  }

  // ——— what happened ———

  /**
   * The messages of a tree with what was done with each, as far as they are kept: in the database where the transport keeps them,
   * whoever handled them, else in this process.
   */
  async trace(correlationId: string): Promise<readonly TraceEntry[]> {
    const { transport } = this.#exchange;
    if (transport.trace !== undefined) {
      this.#mustBeOpen();
      return transport.trace(correlationId);
    }
    const tree = this.#exchange.find(correlationId);
    return tree === undefined ? [] : entriesOf(tree);
  }

  /** What has become of a tree so far; undefined where it is not kept. */
  report(correlationId: string): PubSubReport | undefined {
    return this.#exchange.find(correlationId)?.report(this.#clock.now());
  }

  // ——— the end ———

  #mustBeOpen(): void {
    if (this.#closing !== undefined) throw new DaggerError('BUS_CLOSED', 'the bus was closed');
  }

  /** Takes no more messages, waits for what is under way, and stops what is not over by then. Default 30 seconds. */
  close({ drainSeconds = 30 }: { readonly drainSeconds?: number } = {}): Promise<void> {
    return (this.#closing ??= this.#close(drainSeconds));
  }

  async #close(drainSeconds: number): Promise<void> {
    const exchange = this.#exchange;
    if (drainSeconds > 0) {
      let stop!: () => void;
      const late = new Promise<void>((resolve) => (stop = resolve));
      const cancel = this.#clock.after(drainSeconds * 1_000, stop);
      await Promise.race([exchange.undone.idle(), late]);
      cancel();
    }
    await this.#members.stop();
    for (const tree of exchange.allTrees()) {
      exchange.stop(tree, 'closed', 'the bus was closed');
      tree.ended?.();
    }
    this.#reviews.close();
    this.#timers.stop();
    await exchange.transport.close();
    this.#channels.close();
    Stream.end(this.events);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

const NO_OPTIONS: PublishOptions = {};

const rejected = async (error: unknown): Promise<never> => {
  throw error;
};
