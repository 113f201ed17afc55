import { DaggerError, type JsonValue, type NodeLogger } from '@dagger/core';
import { nodeLogger, sealJson } from '@dagger/core/kernel';
import type { AnyPubSubAgent } from '../agent/agent.ts';
import type { OutgoingOptions, PubSubContext } from '../agent/context.ts';
import type { Message } from '../message/message.ts';
import type { TraceAttempt } from '../trace/entry.ts';
import type { Delivery } from '../transport/transport.ts';
import { checkSubject } from '../subject/subject.ts';
import { mustFit, useTokens } from './budget.ts';
import type { Exchange } from './exchange.ts';
import type { Tree } from './tree.ts';

/** Whose attempt it is. */
export interface AttemptOwner {
  readonly exchange: Exchange;
  readonly agent: AnyPubSubAgent;
  /** It was broken off. */
  broken(attempt: Attempt, reason: unknown): void;
}

/** One attempt to handle a message, as its agent sees it. What an agent rarely asks for is made when it does. */
export class Attempt implements PubSubContext {
  // Declared only, as in `OwnMessage`.
  declare readonly delivery: Delivery;
  /** Messages of one key are handled one after the other. */
  declare readonly key: string | null;
  /** Attempts that the consumer made by itself, beside those that the transport counts. */
  declare readonly again: number;
  declare readonly owner: AttemptOwner;
  #tree: Tree | undefined;
  startedAt = 0;
  /** Attempts at the same delivery, for transports that keep the trace. */
  earlier: readonly TraceAttempt[] = NO_ATTEMPTS;
  #outputs: Message[] | undefined;
  #checks: Promise<void>[] | undefined;
  #controller: AbortController | undefined;
  #log: NodeLogger | undefined;
  /** Nothing that the handler does from now on counts. */
  isOver = false;
  /** Why it was broken off. */
  #broken: { readonly reason: unknown } | undefined;
  /** Who wants to know how it ends; then how it ended. */
  #done: ((done: boolean) => void)[] | boolean | undefined;
  /** It waits for another attempt. */
  #isWaiting = false;
  cancelTimer: (() => void) | undefined;

  constructor(owner: AttemptOwner, delivery: Delivery, key: string | null, again: number) {
    this.owner = owner;
    this.delivery = delivery;
    this.key = key;
    this.again = again;
  }

  /** Where it stands among the attempts without a tree; -1: it does not. For `BareAttempts`. */
  place = -1;

  /** Its turn has come. Without a tree it gets one when somebody asks for that. */
  begin(tree: Tree | undefined, now: number): void {
    this.#tree = tree;
    this.startedAt = now;
  }

  get isBare(): boolean {
    return this.#tree === undefined;
  }

  get tree(): Tree {
    return (this.#tree ??= this.owner.exchange.treeOf(this.message, this.message.time));
  }

  /** The tree of its message was asked for. */
  join(tree: Tree): void {
    this.#tree = tree;
    tree.began(this);
  }

  get agent(): string {
    return this.owner.agent.name;
  }

  get message(): Message {
    return this.delivery.message;
  }

  get attempt(): number {
    return this.delivery.attempt + this.again;
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#broken !== undefined) this.#controller.abort(this.#broken.reason);
    return this.#controller.signal;
  }

  get log(): NodeLogger {
    const { agent, attempt } = this;
    const { id: messageId, channel, correlationId } = this.message;
    return (this.#log ??= nodeLogger(this.owner.exchange.logger, {
      agent,
      attempt,
      messageId,
      channel,
      correlationId,
    }));
  }

  get appData(): unknown {
    return this.owner.exchange.appData;
  }

  get outputs(): readonly Message[] {
    return this.#outputs ?? NONE;
  }

  publish(channel: string, payload: JsonValue, options: OutgoingOptions = {}): void {
    if (this.isOver)
      throw new DaggerError(
        'ATTEMPT_OVER',
        `agent '${this.agent}' publishes after its attempt has ended`,
        {
          ids: { agent: this.agent },
        },
      );
    checkSubject(channel);
    const { contracts } = this.owner.exchange;
    contracts.mustAllow(this.agent, channel);
    const sealed = sealJson(payload);
    const check = contracts.check(channel, sealed, this.agent);
    if (check !== undefined) {
      // Looked at when the handler has ended.
      check.catch(() => {});
      (this.#checks ??= []).push(check);
    }
    mustFit(this.owner.exchange, this.tree, this.message, this.outputs.length + 1);
    (this.#outputs ??= []).push(
      this.owner.exchange.make.caused(this.message, this.tree, {
        channel,
        payload: sealed,
        source: this.agent,
        headers: options.headers,
        key: options.key,
      }),
    );
  }

  useTokens(tokens: number): void {
    if (!(Number.isSafeInteger(tokens) && tokens >= 0))
      throw new DaggerError(
        'MESSAGE_INVALID',
        `useTokens takes a whole number of at least 0, not ${String(tokens)}`,
        { ids: { agent: this.agent } },
      );
    if (!this.isOver) useTokens(this.owner.exchange, this.tree, tokens);
  }

  whenDone(listener: (done: boolean) => void): void {
    const done = this.#done;
    if (done === undefined) this.#done = [listener];
    else if (typeof done === 'boolean') this.#tell(listener, done);
    else done.push(listener);
  }

  /** It has come to its end, of which only the first one counts. */
  end(done: boolean): void {
    const listeners = this.#done;
    if (typeof listeners === 'boolean') return;
    this.#done = done;
    if (listeners !== undefined) for (const listener of listeners) this.#tell(listener, done);
  }

  #tell(listener: (done: boolean) => void, done: boolean): void {
    try {
      listener(done);
    } catch (error) {
      this.log.error('a listener of whenDone threw', {
        error: error instanceof Error ? error.message : String(error),
      });
    }
  }

  async waitFor<T>(work: Promise<T>): Promise<T> {
    if (this.#isWaiting || this.isOver) return work;
    this.#isWaiting = true;
    this.owner.exchange.pressure.ended();
    try {
      return await work;
    } finally {
      this.#goOn();
    }
  }

  #goOn(): void {
    if (!this.#isWaiting) return;
    this.#isWaiting = false;
    this.owner.exchange.pressure.began();
  }

  /** The checks that take their time; undefined when there are none. */
  checks(): Promise<unknown> | undefined {
    return this.#checks === undefined ? undefined : Promise.all(this.#checks);
  }

  breakOff(reason: unknown): void {
    if (this.#broken !== undefined || this.isOver) return;
    this.#broken = { reason };
    this.#controller?.abort(reason);
    this.owner.broken(this, reason);
  }

  /** Nothing that the handler still does counts. */
  over(): void {
    this.isOver = true;
    this.#goOn();
    this.cancelTimer?.();
    if (this.#tree === undefined) this.owner.exchange.bare.remove(this);
    else this.#tree.over(this);
  }
}

const NONE: readonly Message[] = [];
const NO_ATTEMPTS: readonly TraceAttempt[] = [];
