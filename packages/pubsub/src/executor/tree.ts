import type { ErrorData } from '@dagger/core';
import type { Message } from '../message/message.ts';
import type { Attempt } from './attempt.ts';
import type { AttemptReport, PubSubReport, StopReason } from './report.ts';

export interface Limits {
  readonly maxMessages: number;
  readonly maxHops: number;
  readonly maxTokens: number;
  /** Milliseconds. */
  readonly timeoutMs: number;
}

const MOST_ATTEMPTS = 10_000;
const NONE: ReadonlySet<string> = new Set();

/** The messages that one first message caused, what was done with them, and what is left to be done. */
export class Tree {
  readonly correlationId: string;
  readonly limits: Limits;
  readonly startedAt: number;
  /** Kept where somebody may ask for the trace. */
  readonly messages: Message[] | undefined;
  // Most trees are small and short: what they rarely need is made when they do.
  #timedFrom: number;
  #attempts: AttemptReport[] | undefined;
  #held: Set<string> | undefined;
  #running: Attempt | undefined;
  #others: Set<Attempt> | undefined;
  /** Deliveries that have not come to their end. */
  pending = 0;
  messageCount = 0;
  attemptCount = 0;
  tokens = 0;
  deadLetters = 0;
  dropped = 0;
  stopped: StopReason | null = null;
  error: ErrorData | null = null;
  /** Called when nothing is left to be done but what waits for people. */
  ended: (() => void) | undefined;
  /** Where it stands among the trees that something is left of; -1: it does not. For `Trees`. */
  place = -1;
  /** The number of its place among those of the past. For `Trees`. */
  keptAs = -1;

  constructor(correlationId: string, limits: Limits, startedAt: number, isKept: boolean) {
    this.correlationId = correlationId;
    this.limits = limits;
    this.startedAt = startedAt;
    this.#timedFrom = startedAt;
    this.messages = isKept ? [] : undefined;
  }

  /** Milliseconds since the Unix epoch. */
  get deadline(): number {
    return this.#timedFrom + this.limits.timeoutMs;
  }

  /** Its time begins anew, for one that goes on long after it had come to its end, since a message is delivered once more. */
  timeAnew(now: number): void {
    this.#timedFrom = now;
  }

  /** The ids of messages that wait for people. */
  get held(): ReadonlySet<string> {
    return this.#held ?? NONE;
  }

  hold(messageId: string): void {
    this.#held ??= new Set();
    this.#held.add(messageId);
  }

  letGo(messageId: string): void {
    this.#held?.delete(messageId);
  }

  began(attempt: Attempt): void {
    if (this.#running === undefined) this.#running = attempt;
    else {
      this.#others ??= new Set();
      this.#others.add(attempt);
    }
  }

  over(attempt: Attempt): void {
    if (this.#running === attempt) this.#running = undefined;
    else this.#others?.delete(attempt);
  }

  /** Ends what is under way, whatever it does. */
  breakOff(reason: unknown): void {
    this.#running?.breakOff(reason);
    for (const attempt of this.#others ?? []) attempt.breakOff(reason);
  }

  get attempts(): readonly AttemptReport[] {
    return this.#attempts ?? [];
  }

  /** Whether somebody may ask what became of its attempts. */
  get isReported(): boolean {
    return this.messages !== undefined || this.ended !== undefined;
  }

  note(attempt: AttemptReport): void {
    this.attemptCount++;
    this.#attempts ??= [];
    if (this.#attempts.length < MOST_ATTEMPTS) this.#attempts.push(attempt);
  }

  stop(reason: StopReason, error: ErrorData): boolean {
    if (this.stopped !== null) return false;
    this.stopped = reason;
    this.error ??= error;
    return true;
  }

  report(now: number): PubSubReport {
    const { correlationId, stopped, error, tokens, deadLetters, dropped, attemptCount } = this;
    return Object.freeze({
      correlationId,
      success: stopped === null && deadLetters === 0 && dropped === 0 && this.held.size === 0,
      stopped,
      error,
      messages: this.messageCount,
      tokens,
      deadLetters,
      dropped,
      waiting: [...this.held],
      attempts: [...this.attempts],
      attemptCount,
      durationMs: now - this.startedAt,
    });
  }
}
