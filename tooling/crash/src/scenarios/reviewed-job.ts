import { TaskManager, type TaskContext } from '@dagger/tasks';
import type { JobCrashScenario } from '@dagger/testing/tasks';

/** An output that an agent sends back once and then accepts, and one that a person accepts. */
export const scenario: JobCrashScenario = {
  name: 'reviewed job',
  open: ({ options, track }) =>
    TaskManager.open({
      ...options,
      agents: [
        track({
          name: 'write',
          execute: ({ feedback }) => ({ text: feedback === null ? 'first' : `not ${feedback}` }),
        }),
        track({
          name: 'read',
          execute({ input }: TaskContext<{ readonly output: { readonly text: string } }>) {
            const { text } = input.output;
            return text === 'first' ? { accept: false, reason: text } : { accept: true };
          },
        }),
        track({
          name: 'print',
          async execute(ctx) {
            return { printed: (await ctx.dependencies()).map(({ output }) => output) };
          },
        }),
      ],
    }),
  start: async (manager) => [
    await manager.startJob({
      id: 'reviewed',
      tasks: [
        { key: 'draft', agent: 'write', review: { agent: 'read' } },
        { key: 'title', agent: 'write', review: 'person' },
        { key: 'book', agent: 'print', needs: ['draft', 'title'] },
      ],
    }),
  ],
  async decide(manager) {
    const [title] = await manager.tasks({ jobId: 'reviewed', state: 'in_review' });
    if (title?.review !== 'person') return false;
    await manager.accept(title.id, 'ann');
    return true;
  },
};
