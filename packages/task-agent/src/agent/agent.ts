import { DaggerError, type JsonObject, type RetryPolicy, type Schema } from '@dagger/core';
import { checkAction } from '@dagger/core/kernel';
import type { TaskContext } from './context.ts';

/**
 * What becomes of a task whose worker died in the middle of it: it runs again (`retry`), it fails, or it is blocked until a
 * person or a planner decides. The last two are for work that must not be done twice.
 */
export type OnCrash = 'retry' | 'fail' | 'block';

/** What `execute` gives back; nothing counts as an empty output. */
export type AgentResult<O> = O | void | undefined | Promise<O | void | undefined>;

/**
 * What does tasks of one kind. It reads its context, works and gives back an output; it changes its job only through
 * the context. A plain object with `name` and `execute` is an agent.
 */
export interface TaskAgent<I = JsonObject, O = JsonObject> {
  readonly name: string;
  /** What it is good for, in words for a planner. */
  readonly description?: string | undefined;
  /** Checked when a task is added, and again when it runs. */
  readonly input?: Schema<I> | undefined;
  /** Checked when a task completes, and when its output is handed to another task. */
  readonly output?: Schema<O> | undefined;
  /** Seconds for one attempt, unless the task says otherwise. Default: that of the manager. */
  readonly timeout?: number | undefined;
  /** Attempts in all (default 3), the delays between them, and which failures are worth another. */
  readonly retry?: RetryPolicy | undefined;
  /** Default `retry`. */
  readonly onCrash?: OnCrash | undefined;
  /** Tasks of this agent at the same time in one worker. Default: as many as the worker has slots. */
  readonly concurrency?: number | undefined;
  execute(ctx: TaskContext<I>): AgentResult<O>;
}

/** An agent of whatever input and output. */
export interface AnyTaskAgent extends Omit<TaskAgent<unknown, unknown>, 'execute'> {
  execute(ctx: TaskContext<never>): unknown;
}

/** The input of an agent. */
export type InputOf<A> = A extends TaskAgent<infer I, infer _O> ? I : JsonObject;

/** The output of an agent. */
export type OutputOf<A> = A extends TaskAgent<infer _I, infer O> ? O : JsonObject;

interface SchemaTypedAgent<I, O> extends Omit<TaskAgent<I, O>, 'execute' | 'output'> {
  readonly output: Schema<O>;
  execute(ctx: TaskContext<I>): AgentResult<NoInfer<O>>;
}

/**
 * Types input and output from the schemas (without a schema of the output, from what `execute` gives back), checks the
 * definition, and gives it back frozen.
 * @throws DaggerError AGENT_INVALID naming the field and the reason
 */
export function defineTaskAgent<I = JsonObject, O = JsonObject>(
  agent: TaskAgent<I, O> & { readonly output?: undefined },
): TaskAgent<I, O>;
export function defineTaskAgent<I = JsonObject, O = JsonObject>(
  agent: SchemaTypedAgent<I, O>,
): TaskAgent<I, O>;
export function defineTaskAgent<I, O>(agent: TaskAgent<I, O>): TaskAgent<I, O> {
  checkAgent(agent);
  return Object.freeze({ ...agent });
}

const ON_CRASH: readonly unknown[] = ['retry', 'fail', 'block', undefined];

/** @throws DaggerError AGENT_INVALID naming the field and the reason */
export const checkAgent = (agent: AnyTaskAgent): void => {
  const refuse = (reason: string, cause?: unknown): never => {
    const name: unknown = (agent as AnyTaskAgent | undefined)?.name;
    throw new DaggerError(
      'AGENT_INVALID',
      `agent ${typeof name === 'string' ? `'${name}'` : '(no name)'}: ${reason}`,
      { ...(typeof name === 'string' ? { ids: { agent: name } } : {}), cause },
    );
  };
  try {
    // The fields that agents share with actions.
    checkAction(agent as never);
  } catch (error) {
    if (!(error instanceof DaggerError)) throw error;
    const reason = error.message.replace(/^action (?:'.*?'|\(no name\)): /s, '');
    refuse(reason.replace('an action is', 'an agent is'), error);
  }
  if (!ON_CRASH.includes(agent.onCrash))
    refuse(`onCrash must be retry, fail or block, not ${String(agent.onCrash)}`);
  const { concurrency } = agent;
  if (concurrency !== undefined && !(Number.isInteger(concurrency) && concurrency >= 1))
    refuse(`concurrency must be a whole number of at least 1, not ${String(concurrency)}`);
};
