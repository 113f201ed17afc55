import type { AnyTaskAgent, TaskContext } from '@dagger/tasks';

/** What happened to jobs, as the processes saw it. */
export type JobDeed =
  | { readonly type: 'opened' }
  /** The caller was told that the job is stored. */
  | { readonly type: 'started'; readonly jobId: string }
  /** An attempt of an agent began, or came to its end. */
  | {
      readonly type: 'begin' | 'end';
      readonly jobId: string;
      readonly taskId: string;
      /** How often the task was taken up. */
      readonly run: number;
    }
  /** A watcher was told of an event of the history; `event` is its type, and the task. */
  | { readonly type: 'told'; readonly jobId: string; readonly event: string }
  /** The caller got the result of a job. */
  | { readonly type: 'reported'; readonly jobId: string; readonly status: string };

/** What they note of it outside of the storage; `at` is the time of their clock. */
export type JobEffect = JobDeed & { readonly at: number };

/** The agent, with a line at the beginning and at the end of each attempt that comes to one. */
export const trackedAgent = <A extends AnyTaskAgent>(
  agent: A,
  told: (
    type: 'begin' | 'end',
    attempt: { readonly jobId: string; readonly taskId: string; readonly run: number },
  ) => void,
): A => ({
  ...agent,
  execute: async (ctx: TaskContext<never>): Promise<unknown> => {
    const { jobId, taskId, run } = ctx;
    told('begin', { jobId, taskId, run });
    const output: unknown = await agent.execute(ctx);
    told('end', { jobId, taskId, run });
    return output;
  },
});
