import { defineTaskAgent, type StallReport } from '@dagger/tasks';
import { deskOf } from './desk.ts';
import { LACKS, type Lack } from './lack.ts';

/** Told of a stall, it has the question asked in other words; where there are none, the job goes on without it. */
export const planningAgent = defineTaskAgent({
  name: 'planning_agent',
  description: 'Finds a way on when nothing in the job can move.',
  async execute(ctx) {
    const { thinking } = deskOf(ctx);
    const { tasks } = ctx.input as unknown as StallReport;
    const lacks = (await ctx.state.get<readonly Lack[]>(LACKS)) ?? [];
    const decisions: string[] = [];
    for (const { taskId, why } of tasks) {
      const lack = lacks.findLast((each) => each.taskId === taskId);
      if (lack === undefined) continue;
      const question = await thinking.rephrase(lack.question, lack.unknown);
      if (question === undefined) await ctx.cancel(taskId, why);
      else await ctx.reopen(taskId, { input: { question } });
      decisions.push(question ?? `without '${lack.question}'`);
    }
    return { decisions };
  },
});
