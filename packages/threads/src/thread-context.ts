import type { ActionContext, JsonObject } from '@dagger/core';

/**
 * What a function in a thread sees of the run: as `ActionContext`, without what cannot leave the main thread (the cache and
 * `appData`) and without a signal, since an abort ends the thread.
 */
export type ThreadContext<I = JsonObject> = Pick<
  ActionContext<I>,
  | 'runId'
  | 'dagName'
  | 'nodeId'
  | 'attempt'
  | 'idempotencyKey'
  | 'inputs'
  | 'log'
  | 'progress'
  | 'useTokens'
>;
