import { DaggerError } from '@dagger/core';
import { TaskManager, type StallReport, type TaskContext } from '@dagger/tasks';
import type { JobCrashScenario } from '@dagger/testing/tasks';

/** An agent that cannot go on; the planner, who is told, has it done again with another input. */
export const scenario: JobCrashScenario = {
  name: 'stalled job',
  open: ({ options, track }) =>
    TaskManager.open({
      ...options,
      agents: [
        track({
          name: 'ask',
          async execute(ctx: TaskContext<{ readonly answer?: string }>) {
            return { answer: ctx.input.answer ?? (await ctx.block('which of the two?')) };
          },
        }),
        track({
          name: 'plan',
          async execute(ctx: TaskContext<StallReport & { readonly [key: string]: never }>) {
            const stuck = ctx.input.tasks.find(({ agent }) => agent === 'ask');
            if (stuck === undefined) return { reopened: null };
            try {
              await ctx.reopen(stuck.taskId, { input: { answer: 'the first' } });
            } catch (error) {
              // An attempt before this one did so already.
              if (!(error instanceof DaggerError && error.code === 'TASK_STATE')) throw error;
            }
            return { reopened: stuck.taskId };
          },
        }),
        track({ name: 'tell', execute: () => ({ told: true }) }),
      ],
    }),
  start: async (manager) => [
    await manager.startJob({
      id: 'stalled',
      stall: { action: { type: 'NotifyPlanningAgent', agent: 'plan' } },
      tasks: [
        { key: 'question', agent: 'ask' },
        { key: 'after', agent: 'tell', needs: ['question'] },
      ],
    }),
  ],
};
