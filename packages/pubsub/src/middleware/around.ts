import type { PubSubContext } from '../agent/context.ts';

/** What a middleware puts in the place of the context's own. */
export interface ContextParts {
  readonly signal?: AbortSignal | undefined;
  readonly publish?: PubSubContext['publish'] | undefined;
}

/**
 * A context that answers like `ctx` but for the parts given. It asks `ctx` for the rest when it is asked itself, so a context with
 * private fields, or one that makes its signal or its logger at the first use, stays what it is.
 */
export const withContext = (
  ctx: PubSubContext,
  { signal, publish }: ContextParts,
): PubSubContext => ({
  get agent() {
    return ctx.agent;
  },
  get attempt() {
    return ctx.attempt;
  },
  get signal() {
    return signal ?? ctx.signal;
  },
  get log() {
    return ctx.log;
  },
  get appData() {
    return ctx.appData;
  },
  publish: publish ?? ((channel, payload, options) => ctx.publish(channel, payload, options)),
  useTokens: (tokens) => ctx.useTokens(tokens),
  whenDone: (listener) => ctx.whenDone(listener),
  waitFor: (work) => ctx.waitFor(work),
});
