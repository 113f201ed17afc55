import { TaskManager, defineTaskAgent } from '../src/index.ts';
import { sqlite } from '@dagger/sqlite';
const gather = defineTaskAgent({
  name: 'gather',
  execute: ({ input }: any) => ({ data: `about ${input.q}` }),
});
const research = defineTaskAgent({
  name: 'research',
  concurrency: 1,
  async execute(ctx: any) {
    const [a, b] = await Promise.all([
      ctx.require({ agent: 'gather', input: { q: ctx.input.topic } }),
      ctx.require({ agent: 'gather', input: { q: 'more' } }),
    ]);
    return { report: [a.data, b.data].join(', '), run: ctx.run };
  },
});
const m = await TaskManager.open({
  storage: process.argv[2] ?? 'sqlite::memory:',
  agents: [gather, research],
  logger: (l, msg, f) => console.log(l, msg, f),
});
const job = await m.startJob({ objective: { agent: 'research', input: { topic: 'ants' } } });
job.events.subscribe((e) => console.log(JSON.stringify(e)));
console.log(await job.done);
await m.close();
