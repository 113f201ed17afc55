import { DaggerError, systemClock, type CancelTimer, type Clock } from '@dagger/core';
import { withContext } from './around.ts';
import { checkOptions, optional, rules } from './check.ts';
import type { Middleware } from './middleware.ts';

export interface TimeoutOptions {
  readonly clock?: Clock | undefined;
}

/**
 * Fails an attempt with ATTEMPT_TIMEOUT (recoverable) when what is inside takes longer, and aborts the signal that was handed to
 * it. JavaScript cannot stop a function: one that does not heed its signal goes on, but what it publishes then is refused with
 * the same error.
 * @throws DaggerError CONFIG_INVALID naming the option, its value and its bound
 */
export const timeout = (seconds: number, options: TimeoutOptions = {}): Middleware => {
  checkOptions(
    'timeout',
    { ...options, seconds },
    { seconds: rules.seconds, clock: optional(rules.clock) },
  );
  const { clock = systemClock } = options;
  return (next, agent) => async (message, ctx) => {
    const outer = ctx.signal;
    const controller = new AbortController();
    // Not AbortSignal.any: it is only collected with its sources, and those may live as long as the executor.
    const pass = (): void => controller.abort(outer.reason);
    if (outer.aborted) pass();
    else outer.addEventListener('abort', pass, { once: true });

    let late: DaggerError | undefined;
    let cancel: CancelTimer | undefined;
    const overdue = new Promise<never>((_resolve, reject) => {
      cancel = clock.after(seconds * 1000, () => {
        late = new DaggerError(
          'ATTEMPT_TIMEOUT',
          `agent '${agent.name}': the attempt took longer than ${seconds} s`,
          { ids: { agent: agent.name }, recoverable: true },
        );
        // Before the handler hears of it, whose own error would be told instead.
        reject(late);
        controller.abort(late);
      });
    });
    const inner = withContext(ctx, {
      signal: controller.signal,
      publish: (channel, payload, how) => {
        if (late !== undefined) throw late;
        ctx.publish(channel, payload, how);
      },
    });
    try {
      return await Promise.race([overdue, (async () => next(message, inner))()]);
    } finally {
      cancel?.();
      outer.removeEventListener('abort', pass);
    }
  };
};
