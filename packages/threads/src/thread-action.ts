import { MessageChannel, receiveMessageOnPort, type MessagePort } from 'node:worker_threads';
import { deserialize } from 'node:v8';
import {
  DaggerError,
  defineAction,
  failure,
  success,
  type Action,
  type ActionContext,
  type JsonObject,
  type NodeOutput,
} from '@dagger/core';
import type { ThreadMessage } from './task.ts';
import { revive } from './thread-error.ts';
import { createThreadPool, type ThreadPool } from './thread-pool.ts';

export interface ThreadActionOptions<I = JsonObject, O = JsonObject> extends Omit<
  Action<I, O>,
  'execute'
> {
  /** Where the function is: `new URL('./heavy.ts', import.meta.url)`. TypeScript where Node runs it by itself. */
  readonly module: URL;
  /** The export that is the function: it takes a `ThreadContext` and gives what an action gives. Default `default`. */
  readonly export?: string;
  /** Default: a pool of its own. */
  readonly pool?: ThreadPool;
}

/** Does on this side what the thread says. */
const obey = (ctx: ActionContext<never>, message: ThreadMessage): void => {
  switch (message.type) {
    case 'progress':
      return ctx.progress(message.fraction, message.message);
    case 'tokens':
      return ctx.useTokens(message.tokens);
    case 'log':
      return ctx.log[message.level](message.message, message.fields);
  }
};

/** Listens to a thread until its attempt is over; `end` takes what is still on its way, and throws what went wrong. */
const listen = (port: MessagePort, ctx: ActionContext<never>): { readonly end: () => void } => {
  let problem: { readonly error: unknown } | undefined;
  const take = (message: ThreadMessage): void => {
    try {
      obey(ctx, message);
    } catch (error) {
      problem ??= { error };
    }
  };
  port.on('message', take);
  return {
    end() {
      for (let next = receiveMessageOnPort(port); next !== undefined;) {
        take(next.message as ThreadMessage);
        next = receiveMessageOnPort(port);
      }
      if (problem !== undefined) throw problem.error;
    },
  };
};

/**
 * An action whose function runs in a worker thread, so that it may compute for as long as it likes while runs go on.
 *
 * Inputs and outputs are copied between the threads. An attempt that times out or is cancelled ends its thread. Errors keep
 * their name, message, stack, code and the messages of their causes. A thread that crashes (`process.exit`, no memory left)
 * fails the attempt with the code `THREAD_CRASHED`, and only the attempt.
 * @throws DaggerError ACTION_INVALID naming the field and the reason
 */
export const threadAction = <I = JsonObject, O = JsonObject>(
  options: ThreadActionOptions<I, O>,
): Action<I, O> => {
  const { module, export: name = 'default', pool, ...rest } = options;
  if (!(module instanceof URL) || module.protocol !== 'file:')
    throw new DaggerError(
      'ACTION_INVALID',
      `action '${rest.name}': module must be the URL of a file, such as new URL('./heavy.ts', import.meta.url)`,
      { ids: { action: rest.name } },
    );
  let own: ThreadPool | undefined;
  const execute = async (ctx: ActionContext<I>): Promise<O | NodeOutput<O>> => {
    const { runId, dagName, nodeId, attempt, idempotencyKey, inputs, signal } = ctx;
    const threads = pool ?? (own ??= createThreadPool());
    const { port1, port2 } = new MessageChannel();
    const heard = listen(port1, ctx as ActionContext<never>);
    try {
      const context = { runId, dagName, nodeId, attempt, idempotencyKey, inputs };
      const task = { module: module.href, export: name, context, port: port2 };
      const { outputs: bytes, metadata, error } = await threads.run(task, signal);
      heard.end();
      if (error !== undefined) return failure(revive(error), metadata);
      const outputs = (bytes === undefined ? undefined : deserialize(bytes)) as O;
      return metadata === undefined ? outputs : success(outputs, metadata);
    } finally {
      port1.close();
    }
  };
  return defineAction<I, O>({ ...rest, execute } as Action<I, O> & { readonly output?: undefined });
};
