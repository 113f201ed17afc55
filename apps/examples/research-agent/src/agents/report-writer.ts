import { defineTaskAgent } from '@dagger/tasks';
import { report, type Chapter } from '../thinking/report.ts';
import { deskOf } from './desk.ts';
import { researchAgent } from './research-agent.ts';

export const reportWriter = defineTaskAgent({
  name: 'report_writer',
  description: 'Writes a report with citations from what the research found.',
  output: report,
  async execute(ctx) {
    const { thinking } = deskOf(ctx);
    const research = await ctx.dependencies();
    const chapters = research
      .filter(({ agent, output }) => agent === researchAgent.name && output !== null)
      .map(({ output }) => output as unknown as Chapter);
    return thinking.compose(chapters, ctx.feedback);
  },
});
