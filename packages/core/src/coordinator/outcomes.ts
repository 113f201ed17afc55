import { applyWrites, CacheView, checkWrites } from '../cache/view.ts';
import { DaggerError, toErrorData, type ErrorCode, type ErrorData } from '../errors.ts';
import type { InputRequest } from '../actions/output.ts';
import { NodeFlag } from '../graph/topology.ts';
import type { JsonObject } from '../json.ts';
import type { NodeCompletedEvent } from '../run/events.ts';
import { nextDelay } from '../run/retry.ts';
import { Status } from '../run/status.ts';
import { NodeAttempt } from './attempt.ts';
import { definitionOf, type Session } from './session.ts';
import { rejection } from './rejection.ts';
import { waitRequest } from './wait-request.ts';

/** Failures that another attempt cannot mend. */
const FINAL: ReadonlySet<string> = new Set<ErrorCode>([
  'INPUT_MISSING',
  'INPUT_INVALID',
  'ACTION_UNKNOWN',
  'ACTION_INVALID',
  'NOT_JSON',
]);

/** Turns the ends of attempts into events: completions, retries, failures, cancellations. */
export class Outcomes {
  /** Nodes that failed and whose failure handler has yet to start. */
  readonly handlers: number[] = [];
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /** Takes a finished attempt; one that was given up has no effect any more. */
  take(attempt: NodeAttempt): void {
    if (!this.#session.attempts.settle(attempt)) return;
    const error = NodeAttempt.errorOf(attempt);
    if (NodeAttempt.isHandler(attempt)) {
      if (error === undefined) this.#handlerSucceeded(attempt);
      else this.handlerFailed(attempt, error);
    } else if (error === undefined) {
      const request = NodeAttempt.moreOf(attempt)?.request;
      if (request === undefined) this.#succeeded(attempt);
      else this.#asked(attempt, request);
    } else this.failed(NodeAttempt.numberOf(attempt), error, NodeAttempt.moreOf(attempt));
  }

  #succeeded(attempt: NodeAttempt): void {
    const n = NodeAttempt.numberOf(attempt);
    const outputs = NodeAttempt.outputsOf(attempt);
    const more = NodeAttempt.moreOf(attempt);
    const event: NodeCompletedEvent =
      more === undefined
        ? { type: 'NodeCompleted', n, at: this.#session.turns.now, outputs }
        : completedWith(n, this.#session.turns.now, outputs, more);
    if (event.writes !== undefined) {
      try {
        checkWrites(this.#session.cache, event.writes);
      } catch (error) {
        return this.failed(n, toErrorData(error), more);
      }
    }
    // A result of an earlier run could not repeat the writes to shared values.
    const cached = ((this.#session.state.topology.flags[n] as number) & NodeFlag.CACHED) !== 0;
    if (cached && event.writes === undefined) this.#remember(n, event.outputs);
    this.complete(event);
  }

  /** The action asks a person; a request that makes no sense fails the attempt. */
  #asked(attempt: NodeAttempt, asked: InputRequest): void {
    const n = NodeAttempt.numberOf(attempt);
    const more = NodeAttempt.moreOf(attempt);
    if (this.#session.isStopping()) return this.cancel(n);
    const at = this.#session.turns.now;
    try {
      const request = waitRequest(asked, this.#session.config, at);
      this.#session.emit({ type: 'NodeWaiting', n, at, request, ...spentBy(more) });
    } catch (error) {
      return this.failed(n, { ...toErrorData(error), retryable: false }, more);
    }
    this.waiting(n);
    this.#checkTokens();
  }

  /** A node has begun to wait, or an input has arrived: what follows from it. */
  waiting(n: number): void {
    const { state, turns } = this.#session;
    if (state.isRejected(n)) return this.#rejected(n);
    const wait = state.waits.get(n);
    const due = wait?.request.due ?? null;
    if (wait === undefined || due === null || wait.expired) return;
    const { since } = wait;
    const expire = (): void => {
      // It may have been answered, and ask something else by now.
      const now = state.waits.get(n);
      if (now?.since !== since || now.request.due !== due) return;
      this.#session.emit({ type: 'WaitExpired', n, at: turns.now });
    };
    this.#session.timers.at(due, () => this.#session.inTime(() => turns.post(expire)));
  }

  #rejected(n: number): void {
    const { runId, state, turns } = this.#session;
    this.#session.emit(rejection(runId, state, n, turns.now));
    this.#afterFailure(n);
  }

  #afterFailure(n: number): void {
    if (this.#session.state.notes.get(n)?.handler?.status === 'pending') this.handlers.push(n);
  }

  #remember(n: number, outputs: JsonObject): void {
    const { id, action } = definitionOf(this.#session.state, n);
    const write = this.#session.lookups.writeOf(n, {
      action,
      node: `${this.#session.dagName}/${id}`,
      outputs,
      at: this.#session.turns.now,
    });
    if (write === undefined) return;
    if (this.#session.journal === undefined) this.#session.lookups.keep(write);
    else this.#session.turns.remember(write);
  }

  /** A node completed, by an attempt or by a result of an earlier run. */
  complete(event: NodeCompletedEvent): void {
    this.#session.cache.setOutputs(this.#session.state.topology.idOf(event.n), event.outputs);
    if (event.writes !== undefined) applyWrites(this.#session.cache, event.writes);
    this.#session.emit(event);
    if (event.tokens !== undefined) this.#checkTokens();
  }

  /** An attempt of a node failed: it is tried again, or the node failed. */
  failed(n: number, thrown: ErrorData, more: AttemptExtras | undefined): void {
    if (this.#session.isStopping()) return this.cancel(n);
    const at = this.#session.turns.now;
    const error = FINAL.has(thrown.code) ? { ...thrown, retryable: false } : thrown;
    const spent = spentBy(more);
    const delay = this.#delay(n, error, at);
    if (delay === undefined) {
      const metadata = more?.metadata;
      this.#session.emit({
        type: 'NodeFailed',
        n,
        at,
        error,
        ...spent,
        ...(metadata === undefined ? {} : { metadata }),
      });
      this.#afterFailure(n);
    } else {
      this.#session.emit({ type: 'NodeRetrying', n, at, error, delay, ...spent });
      this.awaitRetry(n, at + delay);
    }
    if (spent.tokens !== undefined) this.#checkTokens();
  }

  /** Milliseconds until the next attempt, or undefined when there is none. */
  #delay(n: number, error: ErrorData, at: number): number | undefined {
    const { state } = this.#session;
    const notes = state.notes.get(n);
    const firstStart = notes?.retries[notes.budgetFrom]?.startedAt ?? state.startedAt[n] ?? at;
    return nextDelay({
      failures: state.failedAttempts(n) + 1,
      tryCount: definitionOf(this.#session.state, n).tryCount,
      policy: this.#session.registry.get(definitionOf(this.#session.state, n).action)?.retry,
      config: this.#session.config,
      error,
      elapsed: at - firstStart,
      random: this.#session.ids.random(),
    });
  }

  /** Makes a node ready again at `due`, in milliseconds since the epoch. */
  awaitRetry(n: number, due: number): void {
    if (due <= this.#session.turns.now)
      this.#session.emit({ type: 'RetryDue', n, at: this.#session.turns.now });
    else
      this.#session.timers.at(due, () =>
        this.#session.turns.post(() =>
          this.#session.emit({ type: 'RetryDue', n, at: this.#session.turns.now }),
        ),
      );
  }

  /** Ends an attempt that took longer than its `seconds`. */
  timedOut(attempt: NodeAttempt, seconds: number): void {
    if (!this.#session.attempts.settle(attempt)) return;
    const n = NodeAttempt.numberOf(attempt);
    const error = new DaggerError('NODE_TIMEOUT', `the attempt took longer than ${seconds} s`, {
      ids: { runId: this.#session.runId, nodeId: this.#session.state.topology.idOf(n) },
    });
    this.#session.turns.afterwards(() => NodeAttempt.abort(attempt, error));
    if (NodeAttempt.isHandler(attempt)) this.handlerFailed(attempt, toErrorData(error));
    else this.failed(n, toErrorData(error), NodeAttempt.moreOf(attempt));
  }

  handlerFailed(attempt: NodeAttempt, error: ErrorData): void {
    const n = NodeAttempt.numberOf(attempt);
    this.#session.attempts.handlers.delete(n);
    this.#session.emit({
      type: 'HandlerFailed',
      n,
      at: this.#session.turns.now,
      error,
      ...spentBy(NodeAttempt.moreOf(attempt)),
    });
    this.#checkTokens();
  }

  #handlerSucceeded(attempt: NodeAttempt): void {
    const n = NodeAttempt.numberOf(attempt);
    const outputs = NodeAttempt.outputsOf(attempt);
    this.#session.emit({
      type: 'HandlerCompleted',
      n,
      at: this.#session.turns.now,
      outputs,
      ...spentBy(NodeAttempt.moreOf(attempt)),
    });
    this.#checkTokens();
  }

  /** Cancels a running or waiting node together with its run. */
  cancel(n: number, remark = ''): void {
    const status = this.#session.state.status[n];
    if (status !== Status.RUNNING && status !== Status.WAITING) return;
    this.#session.emit({
      type: 'NodeCancelled',
      n,
      at: this.#session.turns.now,
      reason: `${this.#session.state.halt?.status ?? 'stopped'}${remark}`,
    });
  }

  #checkTokens(): void {
    const { maxTokens } = this.#session.config;
    if (
      maxTokens === null ||
      this.#session.state.tokens <= maxTokens ||
      this.#session.state.halt !== undefined
    )
      return;
    this.#session.emit({
      type: 'LimitReached',
      at: this.#session.turns.now,
      limit: 'maxTokens',
      bound: maxTokens,
      used: this.#session.state.tokens,
    });
  }
}

type AttemptExtras = NonNullable<ReturnType<typeof NodeAttempt.moreOf>>;

const spentBy = (more: AttemptExtras | undefined): { readonly tokens?: number } =>
  more === undefined || more.tokens === 0 ? {} : { tokens: more.tokens };

/** The completion of an attempt that used more of its context than most do. */
const completedWith = (
  n: number,
  at: number,
  returned: JsonObject,
  more: AttemptExtras,
): NodeCompletedEvent => {
  const written = more.view === undefined ? undefined : CacheView.writesOf(more.view);
  return {
    type: 'NodeCompleted',
    n,
    at,
    outputs:
      written?.own === undefined
        ? returned
        : Object.freeze({ ...Object.fromEntries(written.own), ...returned }),
    ...(more.metadata === undefined ? {} : { metadata: more.metadata }),
    ...spentBy(more),
    ...(written?.global === undefined ? {} : { writes: written.global }),
  };
};
