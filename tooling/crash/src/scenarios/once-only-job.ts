import { TaskManager } from '@dagger/tasks';
import type { JobCrashScenario } from '@dagger/testing/tasks';

/** Work that must not be done twice: after a crash it waits for a decision or has failed, and a person has it done again. */
export const scenario: JobCrashScenario = {
  name: 'once-only job',
  open: ({ options, track }) => {
    const pay = { execute: ({ taskId }: { readonly taskId: string }) => ({ paid: taskId }) };
    return TaskManager.open({
      ...options,
      agents: [
        track({ name: 'block', onCrash: 'block', ...pay }),
        track({ name: 'fail', onCrash: 'fail', ...pay }),
        track({ name: 'work', execute: ({ taskId }) => ({ by: taskId }) }),
      ],
    });
  },
  start: async (manager) => [
    await manager.startJob({
      id: 'once',
      tasks: [
        { key: 'first', agent: 'block' },
        { key: 'second', agent: 'fail', needs: ['first'] },
        { key: 'third', agent: 'work', needs: ['second'] },
        { key: 'skipped', agent: 'work', needs: [{ task: 'second', onFailure: 'skip' }] },
        { key: 'fourth', agent: 'work', onCrash: 'block', needs: ['third'] },
      ],
    }),
  ],
  async decide(manager) {
    const tasks = await manager.tasks({ jobId: 'once', state: ['blocked', 'failed'] });
    const crashed = tasks.find(
      ({ reason, error }) => reason?.kind === 'crash' || error?.code === 'TASK_CRASHED',
    );
    if (crashed === undefined) return false;
    await manager.retryTask(crashed.id);
    return true;
  },
};
