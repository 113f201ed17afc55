import { openStorage } from '@dagger/core';
import { defineTaskAgent, TaskManager, type JobHandle, type JobSpec } from '@dagger/tasks';

const gather = defineTaskAgent({
  name: 'gather',
  execute: ({ input }) => ({ data: `about ${input['q'] as string}` }),
});

const research = defineTaskAgent({
  name: 'research',
  execute: async (ctx) => ({
    first: await ctx.require({ key: 'ants', agent: gather, input: { q: 'ants' } }),
  }),
});

/** Works once its input says that it is mended. */
const fragile = defineTaskAgent({
  name: 'fragile',
  execute({ input }) {
    if (input['mended'] !== true) throw new Error('it broke "again" \u001b[31m');
    return { ok: true };
  },
});

/** An objective that waits for its part, a failure that another task needs, and a letter that a person is to accept. */
export const WEEKLY: JobSpec = {
  id: 'weekly',
  title: 'Weekly \u001b[31mreport',
  objective: { agent: research, title: 'Look at insects' },
  tasks: [
    { key: 'bad', agent: fragile, maxRetries: 0 },
    { key: 'after', agent: gather, input: { q: 'it' }, needs: ['bad'] },
    {
      key: 'letter',
      agent: gather,
      input: { q: 'all' },
      needs: ['objective'],
      review: 'person',
      acceptanceCriteria: ['it is short'],
    },
    { key: 'send', agent: gather, input: { q: 'the letter' }, needs: ['letter'] },
  ],
};

/** Works on jobs until each is over or waits for people; the jobs are there then, and nobody works on them. */
export const workOn = async (url: string, ...specs: readonly JobSpec[]): Promise<void> => {
  const storage = await openStorage(url);
  const manager = await TaskManager.open({ storage, agents: [gather, research, fragile] });
  try {
    for (const spec of specs) await settled(await manager.startJob(spec));
  } finally {
    await manager.close();
    await storage.close();
  }
};

/** Goes on with what is there, until the job is over or waits for people. */
export const goOn = (url: string, id: string): Promise<void> => workOn(url, { id });

const settled = async (job: JobHandle): Promise<void> => {
  const { events } = job;
  const isQuiet = async (): Promise<boolean> => {
    const { status, waiting } = await job.view();
    return waiting || status !== 'running';
  };
  const quiet = new Promise<void>((resolve) => {
    events.subscribe({ next: ({ type }) => type === 'JobWaiting' && resolve(), complete: resolve });
  });
  if (!(await isQuiet())) await quiet;
};
