import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import type { ActionContext, AnyAction } from '@dagger/core';

/** A line of the file of side effects. */
export type SideEffect =
  /** A process began. */
  | { readonly type: 'session' }
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

/** Appends one line. The process dies and not the machine, so what was written stays. */
export const note = (file: string, effect: SideEffect): void =>
  appendFileSync(file, `${JSON.stringify(effect)}\n`);

export const readSideEffects = (file: string): readonly SideEffect[] =>
  existsSync(file)
    ? readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as SideEffect)
    : [];

/** The effects of each process, in order. */
export const bySession = (effects: readonly SideEffect[]): readonly (readonly SideEffect[])[] => {
  const sessions: SideEffect[][] = [];
  for (const effect of effects) {
    if (effect.type === 'session') sessions.push([]);
    else sessions.at(-1)?.push(effect);
  }
  return sessions;
};

/** The action, with a line in the file at the beginning and the end of each attempt. */
export const tracked = <A extends AnyAction>(file: string, action: A): A => ({
  ...action,
  execute: async (ctx: ActionContext<never>): Promise<unknown> => {
    const { runId, nodeId, attempt } = ctx;
    // Ids are escaped in the key, so that a third part can only be the mark of a handler.
    const handler = ctx.idempotencyKey.split('/').length === 3;
    note(file, { type: 'start', runId, nodeId, attempt, handler });
    const result: unknown = await action.execute(ctx);
    note(file, { type: 'end', runId, nodeId, attempt, handler });
    return result;
  },
});
