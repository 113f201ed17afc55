import type { ActionContext, AnyAction } from '@dagger/core';
import { note } from '../side-effects.ts';

/** What processes note of runs outside of the storage. */
export type RunEffect =
  /** An attempt of an action began, or came to its end. */
  | {
      readonly type: 'start' | 'end';
      readonly runId: string;
      readonly nodeId: string;
      readonly attempt: number;
      /** It is the failure handler of the node. */
      readonly handler: boolean;
    }
  /** A watcher was told that a node completed. */
  | { readonly type: 'completed'; readonly runId: string; readonly nodeId: string }
  /** The caller got the report of a run. */
  | { readonly type: 'reported'; readonly runId: string; readonly status: string };

/** The action, with a line in the file at the beginning and the end of each attempt. */
export const tracked = <A extends AnyAction>(file: string, action: A): A => ({
  ...action,
  execute: async (ctx: ActionContext<never>): Promise<unknown> => {
    const { runId, nodeId, attempt } = ctx;
    // Ids are escaped in the key, so that a third part can only be the mark of a handler.
    const handler = ctx.idempotencyKey.split('/').length === 3;
    const told = (type: 'start' | 'end'): void =>
      note<RunEffect>(file, { type, runId, nodeId, attempt, handler });
    told('start');
    const result: unknown = await action.execute(ctx);
    told('end');
    return result;
  },
});
