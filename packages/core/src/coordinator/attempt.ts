import type { CancelTimer } from '../clock.ts';
import type { ActionContext } from '../actions/context.ts';
import { nodeLogger, type Logger, type NodeLogger } from '../actions/logger.ts';
import { isNodeOutput } from '../actions/output.ts';
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
  nodeIdOf(n: number): string;
  /** Takes the finished attempt; late ones of abandoned attempts too. */
  attemptEnded(attempt: NodeAttempt): void;
  reportProgress(n: number, attempt: number, fraction: number, message: string | null): void;
}

/**
 * One attempt of one action: the context that the action sees, and the way of its result back to the run. Signals,
 * loggers and cache views are made when somebody asks for them.
 */
export class NodeAttempt implements ActionContext<JsonObject> {
  readonly inputs: JsonObject;
  readonly attempt: number;
  readonly #host: AttemptHost;
  readonly #n: number;
  readonly #handler: boolean;
  #controller: AbortController | undefined;
  #abortReason: unknown;
  #view: CacheView | undefined;
  #tokens = 0;
  #outputs: JsonObject | undefined;
  #metadata: JsonObject | undefined;
  #error: ErrorData | undefined;
  #cancelTimer: CancelTimer | undefined;

  constructor(host: AttemptHost, n: number, attempt: number, inputs: JsonObject, handler: boolean) {
    this.#host = host;
    this.#n = n;
    this.attempt = attempt;
    this.inputs = inputs;
    this.#handler = handler;
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
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#abortReason !== undefined) this.#controller.abort(this.#abortReason);
    }
    return this.#controller.signal;
  }

  get idempotencyKey(): string {
    return `${this.runId}/${this.nodeId}${this.#handler ? '/failure' : ''}`;
  }

  get cache(): CacheView {
    return (this.#view ??= new CacheView(this.#host.cache, this.nodeId));
  }

  get appData(): unknown {
    return this.#host.appData;
  }

  get log(): NodeLogger {
    return nodeLogger(this.#host.logger, {
      runId: this.runId,
      dag: this.dagName,
      nodeId: this.nodeId,
      attempt: this.attempt,
    });
  }

  progress(fraction: number, message?: string): void {
    this.#host.reportProgress(
      this.#n,
      this.attempt,
      Math.min(1, Math.max(0, Number(fraction) || 0)),
      message ?? null,
    );
  }

  useTokens(tokens: number): void {
    if (!Number.isFinite(tokens) || tokens < 0)
      throw new DaggerError(
        'ACTION_INVALID',
        `useTokens takes a number of at least 0, not ${String(tokens)}`,
      );
    this.#tokens += tokens;
  }

  /** @internal What the run reads of an attempt that ended. */
  static resultOf(attempt: NodeAttempt): {
    readonly n: number;
    readonly handler: boolean;
    readonly outputs: JsonObject;
    readonly metadata: JsonObject | undefined;
    readonly tokens: number;
    readonly view: CacheView | undefined;
  } {
    return {
      n: attempt.#n,
      handler: attempt.#handler,
      outputs: attempt.#outputs ?? EMPTY_OBJECT,
      metadata: attempt.#metadata,
      tokens: attempt.#tokens,
      view: attempt.#view,
    };
  }

  /** @internal */
  static numberOf(attempt: NodeAttempt): number {
    return attempt.#n;
  }

  /** @internal Remembers how to call off the timeout. */
  static timed(attempt: NodeAttempt, cancel: CancelTimer): void {
    attempt.#cancelTimer = cancel;
  }

  /** @internal */
  static untimed(attempt: NodeAttempt): void {
    attempt.#cancelTimer?.();
    attempt.#cancelTimer = undefined;
  }

  /** @internal The error of an attempt that ended badly. */
  static errorOf(attempt: NodeAttempt): ErrorData | undefined {
    return attempt.#error;
  }

  /** @internal Ends the attempt before it began. */
  static refuse(attempt: NodeAttempt, error: unknown, fallback: ErrorCode): void {
    attempt.#fail(error, fallback, false);
  }

  /** @internal Tells the action to stop. */
  static abort(attempt: NodeAttempt, reason: unknown): void {
    attempt.#abortReason = reason;
    attempt.#controller?.abort(reason);
  }

  /** @internal Runs the action; the host hears of its end, at once when the action is synchronous. */
  static run(attempt: NodeAttempt, action: AnyAction, checks: ActionChecks): void {
    let result: unknown;
    try {
      result = action.execute(attempt as unknown as ActionContext<never>);
    } catch (error) {
      return attempt.#fail(error);
    }
    // A promise of another realm, or a thenable such as a query builder, counts as one too.
    if (
      typeof result === 'object' &&
      result !== null &&
      typeof (result as PromiseLike<unknown>).then === 'function'
    ) {
      (result as PromiseLike<unknown>).then(
        (value) => attempt.#succeed(value, checks),
        (error: unknown) => attempt.#fail(error),
      );
    } else attempt.#succeed(result, checks);
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

  /** The outputs in the value that an action returned; undefined when it was a failure, which is then settled. */
  #read(value: unknown): JsonObject | undefined {
    if (value === undefined || value === null) return EMPTY_OBJECT;
    let outputs = value;
    if (isNodeOutput(value)) {
      this.#metadata =
        value.metadata === undefined ? undefined : (sealJson(value.metadata) as JsonObject);
      if (!value.success) {
        this.#error = value.error;
        this.#host.attemptEnded(this);
        return undefined;
      }
      outputs = value.outputs ?? EMPTY_OBJECT;
    }
    if (typeof outputs !== 'object' || Array.isArray(outputs)) {
      throw new DaggerError(
        'OUTPUT_INVALID',
        `an action returns an object whose keys are its outputs, not ${Array.isArray(outputs) ? 'a list' : `a ${typeof outputs}`}`,
      );
    }
    return sealJson(outputs) as JsonObject;
  }

  #accept(validation: Validation): void {
    if (validation.issues !== undefined)
      return this.#fail(
        new DaggerError(
          'OUTPUT_INVALID',
          `the outputs do not fit the schema of the action: ${validation.issues.join('; ')}`,
        ),
      );
    try {
      this.#end(sealJson(validation.value) as JsonObject);
    } catch (error) {
      this.#fail(error, 'NOT_JSON', false);
    }
  }

  #end(outputs: JsonObject): void {
    this.#outputs = outputs;
    this.#host.attemptEnded(this);
  }

  #fail(error: unknown, fallback: ErrorCode = 'ACTION_FAILED', retryable = true): void {
    const data = toErrorData(error, fallback);
    this.#error = retryable ? data : { ...data, retryable: false };
    this.#host.attemptEnded(this);
  }
}
