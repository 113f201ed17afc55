import type { CancelTimer } from '../clock.ts';
import type { WaitAnswer } from '../actions/answer.ts';
import type { ActionContext, DependencyOutcome } from '../actions/context.ts';
import { nodeLogger, type Logger, type NodeLogger } from '../actions/logger.ts';
import { isNodeOutput, isWaitForInput, type InputRequest } from '../actions/output.ts';
import type { ActionChecks, AnyAction } from '../actions/action.ts';
import { CacheView } from '../cache/view.ts';
import type { Cache } from '../cache/cache.ts';
import { DaggerError, toErrorData, type ErrorCode, type ErrorData } from '../errors.ts';
import { EMPTY_OBJECT, sealJson, type JsonObject } from '../json.ts';
import type { Validation } from '../schema/validator.ts';

/** What an attempt needs of its run. */
export interface AttemptHost {
  readonly runId: string;
  readonly dagName: string;
  readonly cache: Cache;
  readonly appData: unknown;
  readonly logger: Logger;
  /** Bytes of JSON that outputs may have; null for no limit. */
  readonly maxOutputBytes: number | null;
  nodeIdOf(n: number): string;
  /** What a person said to an earlier call of the action. */
  answerOf(n: number): WaitAnswer | null;
  /** What became of the dependencies of a node. */
  dependenciesOf(n: number): readonly DependencyOutcome[];
  /** Takes the finished attempt; late ones of abandoned attempts too. */
  attemptEnded(attempt: NodeAttempt): void;
  reportProgress(n: number, attempt: number, fraction: number, message: string | null): void;
}

/** What only some attempts come to have. */
interface More {
  controller: AbortController | undefined;
  abortReason: unknown;
  view: CacheView | undefined;
  tokens: number;
  metadata: JsonObject | undefined;
  cancelTimer: CancelTimer | undefined;
  /** What the action asks a person in place of a result. */
  request: InputRequest | undefined;
}

/**
 * One attempt of one action: the context that the action sees, and the way of its result back to the run. Signals,
 * loggers and cache views are made when somebody asks for them.
 */
export class NodeAttempt implements ActionContext {
  readonly inputs: JsonObject;
  readonly attempt: number;
  readonly #host: AttemptHost;
  readonly #n: number;
  readonly #handler: boolean;
  #outputs: JsonObject;
  #error: ErrorData | undefined;
  #more: More | undefined;

  constructor(host: AttemptHost, n: number, attempt: number, inputs: JsonObject, handler: boolean) {
    this.inputs = inputs;
    this.attempt = attempt;
    this.#host = host;
    this.#n = n;
    this.#handler = handler;
    this.#outputs = EMPTY_OBJECT;
    this.#error = undefined;
    this.#more = undefined;
  }

  get runId(): string {
    return this.#host.runId;
  }

  get dagName(): string {
    return this.#host.dagName;
  }

  get nodeId(): string {
    return this.#host.nodeIdOf(this.#n);
  }

  get signal(): AbortSignal {
    const more = this.#extend();
    if (more.controller === undefined) {
      more.controller = new AbortController();
      if (more.abortReason !== undefined) more.controller.abort(more.abortReason);
    }
    return more.controller.signal;
  }

  get idempotencyKey(): string {
    const parts = [this.runId, this.nodeId, ...(this.#handler ? ['failure'] : [])];
    // An id may hold a slash; escaped, no two nodes share a key.
    return parts.map((part) => part.replaceAll('%', '%25').replaceAll('/', '%2F')).join('/');
  }

  get cache(): CacheView {
    return (this.#extend().view ??= new CacheView(this.#host.cache, this.nodeId));
  }

  get dependencies(): readonly DependencyOutcome[] {
    return this.#host.dependenciesOf(this.#n);
  }

  get answer(): WaitAnswer | null {
    return this.#handler ? null : this.#host.answerOf(this.#n);
  }

  get appData(): unknown {
    return this.#host.appData;
  }

  get log(): NodeLogger {
    const { runId, dagName, nodeId, attempt } = this;
    return nodeLogger(this.#host.logger, { runId, dag: dagName, nodeId, attempt });
  }

  // Getters of bound functions, so that an action may take them out of its context.
  get progress(): ActionContext['progress'] {
    return (fraction, message) => {
      const within = Number.isFinite(fraction) ? Math.min(1, Math.max(0, fraction)) : 0;
      this.#host.reportProgress(this.#n, this.attempt, within, message ?? null);
    };
  }

  get useTokens(): ActionContext['useTokens'] {
    return (tokens) => {
      if (!Number.isFinite(tokens) || tokens < 0) {
        throw new DaggerError(
          'ACTION_INVALID',
          `useTokens takes a number of at least 0, not ${tokens}`,
        );
      }
      this.#extend().tokens += tokens;
    };
  }

  #extend(): More {
    return (this.#more ??= {
      controller: undefined,
      abortReason: undefined,
      view: undefined,
      tokens: 0,
      metadata: undefined,
      cancelTimer: undefined,
      request: undefined,
    });
  }

  // The run's side. Static, so that actions do not see it.

  /** @internal */
  static numberOf(attempt: NodeAttempt): number {
    return attempt.#n;
  }

  /** @internal Whether this is the attempt of a failure handler. */
  static isHandler(attempt: NodeAttempt): boolean {
    return attempt.#handler;
  }

  /** @internal The error of an attempt that ended badly. */
  static errorOf(attempt: NodeAttempt): ErrorData | undefined {
    return attempt.#error;
  }

  /** @internal The outputs of an attempt that ended well. */
  static outputsOf(attempt: NodeAttempt): JsonObject {
    return attempt.#outputs;
  }

  /** @internal What else there is to know of some attempts. */
  static moreOf(attempt: NodeAttempt): Readonly<More> | undefined {
    return attempt.#more;
  }

  /** @internal Remembers how to call off the timeout. */
  static timed(attempt: NodeAttempt, cancel: CancelTimer): void {
    attempt.#extend().cancelTimer = cancel;
  }

  /** @internal Calls off the timeout, if there is one. */
  static untimed(attempt: NodeAttempt): void {
    attempt.#more?.cancelTimer?.();
  }

  /** @internal Ends the attempt before it began. */
  static refuse(attempt: NodeAttempt, error: unknown, fallback: ErrorCode): void {
    attempt.#fail(error, fallback, false);
  }

  /** @internal Tells the action to stop. */
  static abort(attempt: NodeAttempt, reason: unknown): void {
    const more = attempt.#extend();
    more.abortReason = reason;
    more.controller?.abort(reason);
  }

  /** @internal Runs the action; the host hears of its end, at once when the action is synchronous. */
  static run(attempt: NodeAttempt, action: AnyAction, checks: ActionChecks): void {
    let result: unknown;
    try {
      result = action.execute(attempt as unknown as ActionContext<never>);
      if (isThenable(result)) {
        // What a foreign thenable does wrong becomes a rejection.
        const promise = result instanceof Promise ? result : Promise.resolve(result);
        promise.then(
          (value: unknown) => attempt.#succeed(value, checks),
          (error: unknown) => attempt.#fail(error),
        );
        return;
      }
    } catch (error) {
      return attempt.#fail(error);
    }
    attempt.#succeed(result, checks);
  }

  #succeed(value: unknown, checks: ActionChecks): void {
    try {
      const outputs = this.#read(value);
      if (outputs === undefined) return;
      if (checks.output === undefined) return this.#end(outputs);
      const checked = checks.output(outputs);
      if (!(checked instanceof Promise)) return this.#accept(checked);
      checked.then(
        (validation) => this.#accept(validation),
        (error: unknown) => this.#fail(error),
      );
    } catch (error) {
      this.#fail(error, 'OUTPUT_INVALID', false);
    }
  }

  /** The outputs in the value that an action returned; undefined when it was a failure or a question, which is then settled. */
  #read(value: unknown): JsonObject | undefined {
    if (value === undefined || value === null) return EMPTY_OBJECT;
    if (isWaitForInput(value)) {
      if (this.#handler) throw new DaggerError('ACTION_INVALID', 'a failure handler cannot wait');
      this.#extend().request = value.request;
      this.#host.attemptEnded(this);
      return undefined;
    }
    let outputs = value;
    if (isNodeOutput(value)) {
      if (value.metadata !== undefined)
        this.#extend().metadata = sealJson(value.metadata) as JsonObject;
      if (!value.success) {
        this.#error = value.error;
        this.#host.attemptEnded(this);
        return undefined;
      }
      outputs = value.outputs ?? EMPTY_OBJECT;
    }
    if (typeof outputs !== 'object' || Array.isArray(outputs)) {
      const what = Array.isArray(outputs) ? 'a list' : `a ${typeof outputs}`;
      throw new DaggerError(
        'OUTPUT_INVALID',
        `an action returns an object whose keys are its outputs, not ${what}`,
      );
    }
    return sealJson(outputs) as JsonObject;
  }

  #accept(validation: Validation): void {
    if (validation.issues !== undefined) {
      const issues = validation.issues.join('; ');
      return this.#fail(
        new DaggerError(
          'OUTPUT_INVALID',
          `the outputs do not fit the schema of the action: ${issues}`,
        ),
      );
    }
    try {
      this.#end(sealJson(validation.value) as JsonObject);
    } catch (error) {
      this.#fail(error, 'NOT_JSON', false);
    }
  }

  #end(outputs: JsonObject): void {
    const most = this.#host.maxOutputBytes;
    if (most !== null) {
      const bytes = Buffer.byteLength(JSON.stringify(outputs));
      if (bytes > most) {
        const error = new DaggerError(
          'OUTPUT_INVALID',
          `the outputs have ${bytes} bytes of JSON; maxOutputBytes is ${most}`,
        );
        return this.#fail(error, 'OUTPUT_INVALID', false);
      }
    }
    this.#outputs = outputs;
    this.#host.attemptEnded(this);
  }

  #fail(error: unknown, fallback: ErrorCode = 'ACTION_FAILED', retryable = true): void {
    const data = toErrorData(error, fallback);
    this.#error = retryable ? data : { ...data, retryable: false };
    this.#host.attemptEnded(this);
  }
}

/** A promise, one of another realm, or any other thenable such as a query builder. */
const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' &&
  value !== null &&
  typeof (value as PromiseLike<unknown>).then === 'function';
