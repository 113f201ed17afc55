import { DaggerError, toErrorData, type ErrorData, type RetryPolicy } from '@dagger/core';
import type { Timers } from '@dagger/core/kernel';
import type { AnyPubSubAgent } from '../agent/agent.ts';
import { Ring } from '../channel/ring.ts';
import type { Message } from '../message/message.ts';
import type { Handler } from '../middleware/middleware.ts';
import type { TraceAttempt } from '../trace/entry.ts';
import { overlaps } from '../subject/subject.ts';
import type { Delivery, Hold, Settlement } from '../transport/transport.ts';
import { delayOf, keyOf, recordOf } from './attempt-rules.ts';
import { Attempt, type AttemptOwner } from './attempt.ts';
import { DEAD_LETTERS, deadLetterOf, isDeadLetter } from './dead-letter.ts';
import { NOTHING, type Entered, type Exchange } from './exchange.ts';
import type { AttemptReport } from './report.ts';

const DEFAULT_CONCURRENCY = 16;

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
  /** Dead letters are not checked when they are published. */
  readonly #checksLetters: boolean;

  constructor(options: ConsumerOptions) {
    this.#options = options;
    this.#exchange = options.exchange;
    const { concurrency, input, subscriptions } = options.agent;
    this.concurrency = concurrency ?? DEFAULT_CONCURRENCY;
    // Others may have published it, who know nothing of what this agent wants.
    this.#checksItself = options.exchange.transport.features.shared && input !== undefined;
    this.#checksLetters =
      input !== undefined && subscriptions.some((pattern) => overlaps(pattern, DEAD_LETTERS));
  }

  // ——— whose turn it is ———

  deliver(delivery: Delivery): void {
    const { message } = delivery;
    const exchange = this.#exchange;
    if (exchange.counting === 'arrivals')
      exchange.undone.arrived(exchange.treeOf(message, exchange.clock.now()));
    else if (exchange.counting === 'all' && delivery.attempt > 1) exchange.pressure.delay(-1);
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
    const { message } = attempt.delivery;
    this.#running++;
    if (exchange.mayBeBare(message, now)) {
      attempt.begin(undefined, now);
      exchange.bare.add(attempt);
      exchange.pressure.began();
      this.#call(attempt);
      return;
    }
    const tree = exchange.treeOf(message, now);
    attempt.begin(tree, now);
    if (tree.stopped === null && now >= tree.deadline)
      exchange.stop(tree, 'timeout', 'the time of the tree is over (timeout)');
    if (tree.stopped !== null) {
      void this.#settle(attempt, 'stopped', tree.error);
      return;
    }
    exchange.pressure.began();
    tree.began(attempt);
    if (this.#checksItself || (this.#checksLetters && isDeadLetter(attempt.message)))
      void this.#checkFirst(attempt);
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
    if (checks === undefined) this.#succeed(attempt);
    else this.#whenChecked(attempt, checks);
  }

  #whenChecked(attempt: Attempt, checks: Promise<unknown>): void {
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
    this.#exchange.pressure.ended();
    void this.#fail(attempt, error);
  }

  #succeed(attempt: Attempt): void {
    const exchange = this.#exchange;
    attempt.over();
    const entered = attempt.isBare ? NOTHING : exchange.enter(attempt.outputs, attempt.tree);
    exchange.pressure.ended();
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
    this.#exchange.pressure.untilRoom(acked).then(
      () => this.#published(attempt, entered),
      (error: unknown) => this.#refused(attempt, entered, error),
    );
  }

  #published(attempt: Attempt, entered: Entered): void {
    if (!attempt.isBare) this.#exchange.tell(entered, attempt.tree);
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
    if (isAlone) exchange.pressure.delay(1);
    const settlement = this.#settlement(attempt, 'failed', error, []);
    if (key === null) {
      await this.#giveBack(delivery, delay, settlement);
      // Others may get it.
      if (exchange.counting === 'arrivals') exchange.done(tree, delivery.message);
    } else
      // The others of its key wait for it, so it stays here.
      timers.at(exchange.clock.now() + delay, () => {
        if (isAlone) exchange.pressure.delay(-1);
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
      if (acked !== undefined) await exchange.pressure.untilRoom(acked);
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
    const { isBare } = attempt;
    if (!isBare) this.#report(attempt, status, error);
    this.#next();
    this.#leave(attempt.key);
    if (isBare) this.#exchange.doneBare(attempt.message);
    else this.#exchange.done(attempt.tree, attempt.message);
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

const isPromise = (value: unknown): value is PromiseLike<unknown> =>
  value instanceof Promise ||
  (typeof value === 'object' &&
    value !== null &&
    'then' in value &&
    typeof value.then === 'function');
