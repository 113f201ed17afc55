import { TaskManager, type TaskContext } from '@dagger/tasks';
import type { JobCrashScenario } from '@dagger/testing/tasks';

/** Says in the shared state of the job that it was there, once it has its own output. */
const seen = ({ state, taskId }: TaskContext): void => {
  state.append('seen', taskId);
  state.add('count', 1);
};

/** An objective that needs what it finds out while it runs; so does one of its children, and both share a grandchild. */
export const scenario: JobCrashScenario = {
  name: 'growing job',
  open: ({ options, track }) =>
    TaskManager.open({
      ...options,
      agents: [
        track({
          name: 'objective',
          // Parent and children are of the same agent only where that costs no slot.
          concurrency: 1,
          async execute(ctx: TaskContext) {
            const [left, right] = await Promise.all([
              ctx.require({ agent: 'leaf', key: 'left' }),
              ctx.require({ agent: 'branch', key: 'right' }),
            ]);
            seen(ctx);
            return { left, right };
          },
        }),
        track({
          name: 'branch',
          async execute(ctx: TaskContext) {
            const { taskId } = await ctx.spawn({ agent: 'leaf', key: 'spawned' });
            await ctx.addDependency(taskId);
            const grandchild = await ctx.require({ agent: 'leaf', key: 'required' });
            seen(ctx);
            const needs = await ctx.dependencies();
            return { grandchild, needs: needs.map(({ key }) => key).sort() };
          },
        }),
        track({
          name: 'leaf',
          execute(ctx: TaskContext) {
            seen(ctx);
            return { by: ctx.taskId };
          },
        }),
      ],
    }),
  start: async (manager) => [
    await manager.startJob({ id: 'growing', objective: { agent: 'objective' } }),
  ],
};
