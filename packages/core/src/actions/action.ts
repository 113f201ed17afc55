import { DaggerError, type ErrorData } from '../errors.ts';
import type { RetryStrategy } from '../config/model.ts';
import { readRetryStrategy } from '../config/retry-strategy.ts';
import type { JsonObject } from '../json.ts';
import { compileSchema, type Schema, type Validator } from '../schema/validator.ts';
import type { ActionContext } from './context.ts';
import type { NodeOutput, WaitForInput } from './output.ts';

/** What `execute` may give back; nothing counts as no outputs. */
export type ActionResult<O> =
  | O
  | NodeOutput<O>
  | WaitForInput
  | void
  | undefined
  | Promise<O | NodeOutput<O> | WaitForInput | void | undefined>;

/** How an action wants to be tried again; absent keys come from the node or the run. */
export interface RetryPolicy {
  /** Attempts in all; at least 1. */
  readonly attempts?: number;
  readonly strategy?: RetryStrategy;
  /** Which failures are worth another attempt: a test, or a list of error codes or names. Default: all. */
  readonly retryOn?: ((error: ErrorData) => boolean) | readonly string[];
}

/**
 * A unit of computation. It reads its context, computes and gives back outputs; it never touches the run.
 * A plain object with `name` and `execute` is an action.
 */
export interface Action<I = JsonObject, O = JsonObject> {
  readonly name: string;
  readonly description?: string | undefined;
  /** Part of the key of cached results: change it when the same inputs give other outputs. Default '1'. */
  readonly version?: string | undefined;
  readonly input?: Schema<I> | undefined;
  readonly output?: Schema<O> | undefined;
  /** Seconds for one attempt, unless the node says otherwise. */
  readonly timeout?: number | undefined;
  /** Seconds that a successful attempt is expected to take, above 0, unless the node says otherwise. */
  readonly duration?: number | undefined;
  readonly retry?: RetryPolicy | undefined;
  execute(ctx: ActionContext<I>): ActionResult<O>;
}

/** An action of whatever inputs and outputs. */
export interface AnyAction extends Omit<Action<unknown, unknown>, 'execute'> {
  execute(ctx: ActionContext<never>): unknown;
}

/** An action whose outputs are typed by its schema, and not the other way round. */
interface SchemaTypedAction<I, O> extends Omit<Action<I, O>, 'execute' | 'output'> {
  readonly output: Schema<O>;
  execute(ctx: ActionContext<I>): ActionResult<NoInfer<O>>;
}

/**
 * Types the inputs and outputs from the schemas (without a schema of the outputs, from what `execute` gives back), checks
 * the definition, and gives it back frozen.
 * @throws DaggerError ACTION_INVALID naming the field and the reason
 */
export function defineAction<I = JsonObject, O = JsonObject>(
  action: Action<I, O> & { readonly output?: undefined },
): Action<I, O>;
// The last overload is the one that the compiler explains.
export function defineAction<I = JsonObject, O = JsonObject>(
  action: SchemaTypedAction<I, O>,
): Action<I, O>;
export function defineAction<I, O>(action: Action<I, O>): Action<I, O> {
  checkAction(action);
  return Object.freeze({ ...action });
}

const positive = (value: unknown): boolean =>
  typeof value === 'number' && value > 0 && Number.isFinite(value);

/** @throws DaggerError ACTION_INVALID naming the field and the reason. */
export const checkAction = (action: AnyAction): void => {
  const refuse = (reason: string): never => {
    const name: unknown = (action as AnyAction | undefined)?.name;
    throw new DaggerError(
      'ACTION_INVALID',
      `action ${typeof name === 'string' ? `'${name}'` : '(no name)'}: ${reason}`,
      typeof name === 'string' ? { ids: { action: name } } : {},
    );
  };
  if (typeof action !== 'object' || action === null)
    refuse('an action is an object with a name and an execute function');
  if (typeof action.name !== 'string' || action.name.trim() === '')
    refuse('name must be a non-empty string');
  if (typeof action.execute !== 'function') refuse('execute must be a function');
  if (action.timeout !== undefined && !positive(action.timeout))
    refuse(`timeout must be a number of seconds above 0, not ${String(action.timeout)}`);
  if (action.duration !== undefined && !positive(action.duration))
    refuse(`duration must be a number of seconds above 0, not ${String(action.duration)}`);
  if (action.retry?.strategy !== undefined) {
    const read = readRetryStrategy(action.retry.strategy, 'retry.strategy');
    if ('must' in read) refuse(`retry.strategy must be ${read.must}`);
  }
  const attempts = action.retry?.attempts;
  if (attempts !== undefined && !(Number.isInteger(attempts) && attempts >= 1))
    refuse(`retry.attempts must be a whole number of at least 1, not ${String(attempts)}`);
};

/** The validators of an action, compiled once per registry. */
export interface ActionChecks {
  readonly input: Validator | undefined;
  readonly output: Validator | undefined;
}

export const compileChecks = (action: AnyAction): ActionChecks => ({
  input: action.input && compileSchema(action.input),
  output: action.output && compileSchema(action.output),
});
