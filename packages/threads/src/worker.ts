// The program of a thread. It loads nothing of dagger, so that a thread begins fast.
import { serialize } from 'node:v8';
import type { NodeLogger } from '@dagger/core';
import type { ThreadMessage, ThreadResult, ThreadTask } from './task.ts';
import type { ThreadContext } from './thread-context.ts';
import type { ThreadError } from './thread-error.ts';

const nonRetryable = Symbol.for('dagger.error.non-retryable');
const nodeOutput = Symbol.for('dagger.node-output');

const MOST_CAUSES = 8;

const isObject = (value: unknown): value is Record<PropertyKey, unknown> =>
  typeof value === 'object' && value !== null;

const text = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : undefined;

const messageOf = (thrown: unknown): string =>
  isObject(thrown) && typeof thrown['message'] === 'string' ? thrown['message'] : String(thrown);

const describe = (thrown: unknown): ThreadError => {
  const fields = isObject(thrown) ? thrown : {};
  const causes: string[] = [];
  for (let at = fields['cause']; at !== undefined && causes.length < MOST_CAUSES;) {
    causes.push(messageOf(at));
    at = isObject(at) ? at['cause'] : undefined;
  }
  return {
    name: text(fields['name']) ?? 'Error',
    message: messageOf(thrown),
    stack: text(fields['stack']),
    code: text(fields['code']),
    causes,
    retryable: !(nonRetryable in fields),
  };
};

const contextOf = ({ context, port }: ThreadTask): ThreadContext<unknown> => {
  const say = (message: ThreadMessage): void => port.postMessage(message);
  const at =
    (level: 'debug' | 'info' | 'warn' | 'error'): NodeLogger['info'] =>
    (message, fields) =>
      say({ type: 'log', level, message, fields });
  return {
    ...context,
    log: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') },
    progress: (fraction, message) => say({ type: 'progress', fraction, message }),
    useTokens: (tokens) => say({ type: 'tokens', tokens }),
  };
};

const load = async (task: ThreadTask): Promise<(context: ThreadContext<unknown>) => unknown> => {
  const module = (await import(task.module)) as Record<string, unknown>;
  const found = module[task.export];
  if (typeof found === 'function') return found as (context: ThreadContext<unknown>) => unknown;
  throw Object.assign(new Error(`${task.module} has no function '${task.export}' to run`), {
    code: 'ACTION_INVALID',
    [nonRetryable]: true,
  });
};

/** Here and not on the way, where it would end the thread, it shows what cannot be copied. */
const packed = (outputs: unknown): Uint8Array => {
  try {
    return serialize(outputs);
  } catch (cause) {
    throw Object.assign(
      new Error(`not everything can leave its thread: ${messageOf(cause)}`, { cause }),
      { code: 'NOT_JSON', [nonRetryable]: true },
    );
  }
};

/** Runs one attempt; what goes wrong with it comes back as data. */
export const runTask = async (task: ThreadTask): Promise<ThreadResult> => {
  try {
    const run = await load(task);
    const value = await run(contextOf(task));
    if (!isObject(value) || !(nodeOutput in value)) return { outputs: packed(value) };
    const { success, outputs, metadata, error } = value;
    const result = { metadata: metadata as ThreadResult['metadata'] };
    if (success === true) return { ...result, outputs: packed(outputs) };
    const { retryable, causes = [] } = (error ?? {}) as Partial<ThreadError>;
    return { ...result, error: { ...describe(error), causes, retryable: retryable !== false } };
  } catch (error) {
    return { error: describe(error) };
  }
};
