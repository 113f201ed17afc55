import type { JsonObject, JsonValue } from '../json.ts';
import type { ErrorData } from '../errors.ts';
import { toErrorData } from '../errors.ts';

const mark: unique symbol = Symbol.for('dagger.node-output') as never;

/** The result of an action in its long form; a plain object means success with that object as outputs. */
export interface NodeOutput<O = JsonObject> {
  readonly success: boolean;
  readonly outputs: O | undefined;
  /** Facts about the work that are not outputs, such as the model used; kept in the report. */
  readonly metadata: JsonObject | undefined;
  readonly error: ErrorData | undefined;
  readonly [mark]: true;
}

/** The work is done; `outputs` is what dependents read. */
export const success = <O>(outputs: O, metadata?: JsonObject): NodeOutput<O> => ({
  success: true,
  outputs,
  metadata,
  error: undefined,
  [mark]: true,
});

/** The attempt failed; it is retried as if it had thrown. */
export const failure = (error: unknown, metadata?: JsonObject): NodeOutput<never> => ({
  success: false,
  outputs: undefined,
  metadata,
  error: toErrorData(error),
  [mark]: true,
});

export const isNodeOutput = (value: unknown): value is NodeOutput<JsonValue | undefined> =>
  typeof value === 'object' && value !== null && mark in value;

const waitMark: unique symbol = Symbol.for('dagger.wait-for-input') as never;

/** What an action asks of a person. */
export interface InputRequest {
  /** What they are asked. */
  readonly prompt: string;
  /** What they need to decide: any JSON value. */
  readonly details?: unknown;
  /** Minutes to wait, 0 to 1,440; null waits without end. Default: `humanWaitMinutes` of the run. */
  readonly waitMinutes?: number | null;
  /** What happens when nobody answers in time. Default: `humanTimeoutAction` of the run. */
  readonly onTimeout?: 'autopilot' | 'pause';
  /** `fail` (default): a rejection fails the node and skips what depends on it. `answer`: the action gets it as `ctx.answer`. */
  readonly onReject?: 'fail' | 'answer';
  /** A shared value whose change answers as well. */
  readonly wakeOn?: { readonly namespace: string; readonly key: string };
}

/** The result of an action that waits for a person. */
export interface WaitForInput {
  readonly request: InputRequest;
  readonly [waitMark]: true;
}

/**
 * Ends the attempt with a question. The node waits without using a slot, in storage also beyond the life of the process;
 * when it is answered, the action is called again with `ctx.answer`. What the attempt wrote to the cache is dropped.
 */
export const waitForInput = (request: InputRequest): WaitForInput => ({
  request,
  [waitMark]: true,
});

export const isWaitForInput = (value: unknown): value is WaitForInput =>
  typeof value === 'object' && value !== null && waitMark in value;
