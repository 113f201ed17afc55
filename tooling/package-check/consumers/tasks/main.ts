import { defineTaskAgent, TaskManager } from '@dagger/tasks';

const gather = defineTaskAgent({
  name: 'gather',
  execute: ({ input }) => ({ text: `about ${String(input['topic'])}` }),
});
const research = defineTaskAgent({
  name: 'research',
  async execute(ctx) {
    const [ants, bees] = await ctx.require([
      { agent: gather, input: { topic: 'ants' } },
      { agent: gather, input: { topic: 'bees' } },
    ]);
    return { texts: [ants['text'] ?? null, bees['text'] ?? null], runs: ctx.run };
  },
});

const manager = await TaskManager.open({ storage: 'sqlite:tasks.db', agents: [gather, research] });
const job = await manager.startJob({ objective: { agent: research } });
const { success, outputs } = await job.done;
await manager.close();
const expected = { texts: ['about ants', 'about bees'], runs: 2 };
if (!success || JSON.stringify(outputs['objective']) !== JSON.stringify(expected))
  throw new Error(JSON.stringify({ success, outputs }));
