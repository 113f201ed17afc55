import { defineTaskAgent } from '@dagger/tasks';
import { z } from 'zod';
import { report } from '../thinking/report.ts';
import { deskOf } from './desk.ts';

/** Its output says whether the report counts; where it does not, its writer gets the reason as `ctx.feedback`. */
export const reviewer = defineTaskAgent({
  name: 'reviewer',
  description: 'Checks a report against its acceptance criteria.',
  input: z.object({ output: report, acceptanceCriteria: z.array(z.string()) }),
  async execute(ctx) {
    const { output, acceptanceCriteria } = ctx.input;
    const { accept, reason } = await deskOf(ctx).thinking.judge(output, acceptanceCriteria);
    return accept ? { accept } : { accept, reason };
  },
});
