import { DaggerError, toErrorData, type ErrorData, type RetryPolicy } from '@dagger/core';
import { baseDelay, DEFAULT_EXPONENTIAL, isRetryWanted, type Timers } from '@dagger/core/kernel';
import type { AnyPubSubAgent } from '../agent/agent.ts';
import { Ring } from '../channel/ring.ts';
import type { Message } from '../message/message.ts';
import type { Handler } from '../middleware/middleware.ts';
import type { TraceAttempt } from '../trace/entry.ts';
import type { Delivery, Hold, Settlement } from '../transport/transport.ts';
import { Attempt, type AttemptOwner } from './attempt.ts';
import { deadLetterOf } from './dead-letter.ts';
import type { Entered, Exchange } from './exchange.ts';
import type { AttemptReport } from './report.ts';

const DEFAULT_CONCURRENCY = 16;
const DEFAULT_ATTEMPTS = 3;

export interface ConsumerOptions {
  readonly agent: AnyPubSubAgent;
  readonly handler: Handler;
  readonly exchange: Exchange;
  readonly timers: Timers;
  readonly retry: RetryPolicy | undefined;
  /** Seconds for one attempt; undefined: no limit. */
  readonly timeout: number | undefined;
}

/**
 * Hands the messages of one agent to its handler, so many at a time, those of one key one after the other. A failure is this
 * message's alone: it is tried again after a while, in which others are handled, or becomes a dead letter.
 */
export class Consumer implements AttemptOwner {
  readonly #options: ConsumerOptions;
  readonly #exchange: Exchange;
  readonly concurrency: number;
  readonly #ready: Ring<Attempt> = new Ring();
  /** By key: what waits until the message before it is done. */
  readonly #lanes: Map<string, Attempt[]> = new Map();
  #running = 0;
  readonly #checksItself: boolean;

  constructor(options: ConsumerOptions) {
    this.#options = options;
    this.#exchange = options.exchange;
    this.concurrency = options.agent.concurrency ?? DEFAULT_CONCURRENCY;
    // Others may have published it, who know nothing of what this agent wants.
    this.#checksItself =
      options.exchange.transport.features.shared && options.agent.input !== undefined;
  }

  // ——— whose turn it is ———

  deliver(delivery: Delivery): void {
    const { message } = delivery;
    const exchange = this.#exchange;
    if (exchange.counting === 'arrivals')
      exchange.arrived(exchange.treeOf(message, exchange.clock.now()));
    else if (exchange.counting === 'all' && delivery.attempt > 1) exchange.delay(-1);
    const key = keyOf(this.#options.agent, message);
    const attempt = new Attempt(this, delivery, key, 0);
    if (key !== null) {
      const lane = this.#lanes.get(key);
      if (lane !== undefined) {
        lane.push(attempt);
        return;
      }
      this.#lanes.set(key, []);
    }
    this.#enqueue(attempt);
  }

  #enqueue(attempt: Attempt): void {
    if (this.#running >= this.concurrency) this.#ready.push(attempt);
    else this.#begin(attempt);
  }

  /** The slot is free. */
  #next(): void {
    this.#running--;
    const attempt = this.#ready.shift();
    if (attempt !== undefined) this.#begin(attempt);
  }

  /** The next message of the key may be handled. */
  #leave(key: string | null): void {
    if (key === null) return;
    const next = this.#lanes.get(key)?.shift();
    if (next === undefined) this.#lanes.delete(key);
    else this.#enqueue(next);
  }

  // ——— one attempt ———

  #begin(attempt: Attempt): void {
    const exchange = this.#exchange;
    const isTimed = this.#options.timeout !== undefined || exchange.isReported;
    const now = isTimed ? exchange.clock.now() : exchange.time.now();
    const tree = exchange.treeOf(attempt.delivery.message, now);
    this.#running++;
    attempt.begin(tree, now);
    if (tree.stopped === null && now >= tree.deadline)
      exchange.stop(tree, 'timeout', 'the time of the tree is over (timeout)');
    if (tree.stopped !== null) {
      void this.#settle(attempt, 'stopped', tree.error);
      return;
    }
    exchange.began();
    tree.began(attempt);
    if (this.#checksItself) void this.#checkFirst(attempt);
    else this.#call(attempt);
  }

  async #checkFirst(attempt: Attempt): Promise<void> {
    const { channel, payload } = attempt.message;
    try {
      await this.#exchange.contracts.received(channel, payload, attempt.agent);
    } catch (error) {
      this.broken(attempt, error);
      return;
    }
    if (!attempt.isOver) this.#call(attempt);
  }

  #call(attempt: Attempt): void {
    const { handler, timeout } = this.#options;
    if (timeout !== undefined) this.#limit(attempt, timeout);
    let result: unknown;
    try {
      result = handler(attempt.message, attempt);
    } catch (error) {
      DONE.then(
        () => this.broken(attempt, error),
        () => {},
      );
      return;
    }
    // Never at once: a handler that calls others at once would climb up the stack.
    (isPromise(result) ? result : DONE).then(
      () => this.#handled(attempt),
      (error: unknown) => this.broken(attempt, error),
    );
  }

  #limit(attempt: Attempt, timeout: number): void {
    attempt.cancelTimer = this.#options.timers.at(attempt.startedAt + timeout * 1_000, () =>
      attempt.breakOff(
        new DaggerError('ATTEMPT_TIMEOUT', `the attempt took longer than ${timeout} s`, {
          ids: { agent: attempt.agent },
          recoverable: true,
        }),
      ),
    );
  }

  #handled(attempt: Attempt): void {
    if (attempt.isOver) return;
    const checks = attempt.checks();
    if (checks === undefined) {
      this.#succeed(attempt);
      return;
    }
    checks.then(
      () => {
        if (!attempt.isOver) this.#succeed(attempt);
      },
      (error: unknown) => this.broken(attempt, error),
    );
  }

  /** An attempt that has failed, or was broken off: what its handler still does does not count. */
  broken(attempt: Attempt, error: unknown): void {
    if (attempt.isOver) return;
    attempt.over();
    this.#exchange.ended();
    void this.#fail(attempt, error);
  }

  #succeed(attempt: Attempt): void {
    const exchange = this.#exchange;
    attempt.over();
    const entered = exchange.enter(attempt.outputs, attempt.tree);
    exchange.ended();
    let acked: Promise<void> | void;
    try {
      acked = attempt.delivery.ack(
        entered.routed,
        this.#settlement(attempt, 'done', null, entered.held),
      );
    } catch (error) {
      this.#refused(attempt, entered, error);
      return;
    }
    if (acked === undefined) this.#published(attempt, entered);
    else this.#whenAcknowledged(attempt, entered, acked);
  }

  /** What the transport keeps beside the outputs. */
  #settlement(
    attempt: Attempt,
    status: TraceAttempt['status'],
    error: ErrorData | null,
    held: readonly Hold[],
  ): Settlement | undefined {
    const exchange = this.#exchange;
    const keeps = held.length > 0 && exchange.transport.holds !== undefined;
    if (!keeps && !exchange.recordsAttempts) return undefined;
    return {
      held: keeps ? held : undefined,
      attempts: exchange.recordsAttempts
        ? [...attempt.earlier, recordOf(attempt, status, error, exchange.clock.now())]
        : undefined,
    };
  }

  #whenAcknowledged(attempt: Attempt, entered: Entered, acked: Promise<void>): void {
    this.#exchange.untilRoom(acked).then(
      () => this.#published(attempt, entered),
      (error: unknown) => this.#refused(attempt, entered, error),
    );
  }

  #published(attempt: Attempt, entered: Entered): void {
    this.#exchange.tell(entered, attempt.tree);
    this.#conclude(attempt, 'done', null);
  }

  #refused(attempt: Attempt, entered: Entered, error: unknown): void {
    this.#exchange.withdraw(entered, attempt.tree);
    void this.#fail(attempt, error);
  }

  async #fail(attempt: Attempt, thrown: unknown): Promise<void> {
    attempt.end(false);
    const { retry, timers } = this.#options;
    const exchange = this.#exchange;
    const { tree, key, delivery, again } = attempt;
    const error = toErrorData(thrown, 'AGENT_FAILED');
    if (tree.stopped !== null) {
      await this.#settle(attempt, 'stopped', error);
      return;
    }
    const delay = delayOf(retry, error, attempt.attempt, exchange.ids.random());
    if (delay === undefined) {
      await this.#bury(attempt, error);
      return;
    }
    this.#report(attempt, 'failed', error);
    const isAlone = exchange.counting === 'all';
    if (isAlone) exchange.delay(1);
    const settlement = this.#settlement(attempt, 'failed', error, []);
    if (key === null) {
      await this.#giveBack(delivery, delay, settlement);
      // Others may get it.
      if (exchange.counting === 'arrivals') exchange.done(tree, delivery.message.id);
    } else
      // The others of its key wait for it, so it stays here.
      timers.at(exchange.clock.now() + delay, () => {
        if (isAlone) exchange.delay(-1);
        const next = new Attempt(this, delivery, key, again + 1);
        next.earlier = settlement?.attempts ?? next.earlier;
        this.#enqueue(next);
      });
    this.#next();
  }

  async #giveBack(
    delivery: Delivery,
    delay: number,
    settlement: Settlement | undefined,
  ): Promise<void> {
    try {
      await delivery.nack(delay, settlement);
    } catch (error) {
      // Whoever is not told finds out by himself, and delivers it again.
      this.#exchange.logger('warn', 'a message could not be given back', {
        agent: this.#options.agent.name,
        messageId: delivery.message.id,
        error: error instanceof Error ? error.message : String(error),
      });
    }
  }

  async #bury(attempt: Attempt, error: ErrorData): Promise<void> {
    const exchange = this.#exchange;
    const { message, tree, agent } = attempt;
    tree.deadLetters++;
    tree.error ??= error;
    exchange.emit({ type: 'DeadLettered', message, agent, error });
    const letter = deadLetterOf(exchange, message, tree, {
      agent,
      group: this.agent.group ?? agent,
      attempts: attempt.attempt,
      error,
    });
    await this.#settle(attempt, 'dead', error, letter === undefined ? [] : [letter]);
  }

  /** Done with a message without success. */
  async #settle(
    attempt: Attempt,
    status: AttemptReport['status'],
    error: ErrorData | null,
    letters: readonly Message[] = [],
  ): Promise<void> {
    const exchange = this.#exchange;
    const { tree, message } = attempt;
    if (tree.stopped === 'closed') {
      // Not acknowledged: where messages outlive the bus, the next one handles it.
      this.#conclude(attempt, status, error);
      return;
    }
    const entered = exchange.enter(letters, tree);
    try {
      const settlement = this.#settlement(attempt, status, error, entered.held);
      const acked = attempt.delivery.ack(entered.routed, settlement);
      if (acked !== undefined) await exchange.untilRoom(acked);
      exchange.tell(entered, tree);
    } catch (thrown) {
      exchange.withdraw(entered, tree);
      exchange.logger('error', 'a message could not be acknowledged', {
        agent: attempt.agent,
        messageId: message.id,
        error: thrown instanceof Error ? thrown.message : String(thrown),
      });
      if (letters.length > 0) {
        // Without its letter, rather than for ever.
        await this.#settle(attempt, status, error);
        return;
      }
    }
    this.#conclude(attempt, status, error);
  }

  #conclude(attempt: Attempt, status: AttemptReport['status'], error: ErrorData | null): void {
    attempt.end(status === 'done');
    this.#report(attempt, status, error);
    this.#next();
    this.#leave(attempt.key);
    this.#exchange.done(attempt.tree, attempt.message.id);
  }

  #report(attempt: Attempt, status: AttemptReport['status'], error: ErrorData | null): void {
    const exchange = this.#exchange;
    const { message, tree } = attempt;
    if (!tree.isReported && !exchange.isWatched) {
      tree.attemptCount++;
      return;
    }
    const report: AttemptReport = {
      messageId: message.id,
      channel: message.channel,
      agent: attempt.agent,
      attempt: attempt.attempt,
      status,
      error,
      startedAt: attempt.startedAt,
      durationMs: exchange.clock.now() - attempt.startedAt,
      published: status === 'done' ? attempt.outputs.map(({ id }) => id) : [],
    };
    tree.note(report);
    exchange.emit({ type: 'AttemptEnded', attempt: report });
  }

  get exchange(): Exchange {
    return this.#exchange;
  }

  get agent(): AnyPubSubAgent {
    return this.#options.agent;
  }
}

const DONE: Promise<void> = Promise.resolve();

const recordOf = (
  { agent, attempt, startedAt }: Attempt,
  status: TraceAttempt['status'],
  error: ErrorData | null,
  now: number,
): TraceAttempt => ({
  agent,
  attempt,
  status,
  error: error?.message ?? null,
  startedAt,
  durationMs: now - startedAt,
});

const isPromise = (value: unknown): value is PromiseLike<unknown> =>
  value instanceof Promise ||
  (typeof value === 'object' &&
    value !== null &&
    'then' in value &&
    typeof value.then === 'function');

const keyOf = ({ orderBy }: AnyPubSubAgent, message: Message): string | null => {
  if (orderBy === undefined) return message.key;
  try {
    return orderBy(message as never);
  } catch {
    return message.key;
  }
};

/** Milliseconds until the next attempt, between half of the strategy's delay and the whole; undefined: no further one. */
const delayOf = (
  retry: RetryPolicy | undefined,
  error: ErrorData,
  attempt: number,
  random: number,
): number | undefined => {
  const attempts = retry?.attempts ?? DEFAULT_ATTEMPTS;
  if (attempt >= attempts || !error.retryable || !isRetryWanted(retry?.retryOn, error))
    return undefined;
  const seconds = baseDelay(retry?.strategy ?? DEFAULT_EXPONENTIAL, attempt);
  return Math.round(seconds * 1_000 * (0.5 + random / 2));
};
