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
