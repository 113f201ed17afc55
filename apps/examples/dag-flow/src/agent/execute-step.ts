import { defineAction, NonRetryableError } from '@dagger/core';
import { z } from 'zod';
import { analyzeTable } from './analyze-table.ts';
import { stepResult } from './finding.ts';
import { table } from './invoke-tool.ts';
import { stepContext } from './plan.ts';
import { writeFindings } from './write-findings.ts';

export const executeStep = defineAction({
  name: 'execute_step',
  description: 'Does one step of a plan with what the tool and the steps before it gave',
  input: z.object({
    instruction: z.string(),
    context: stepContext,
    previous: stepResult.default({ findings: [], report: null }),
    table: table.optional(),
  }),
  output: z.object({ result: stepResult }),
  execute({ inputs: { instruction, context, previous, table: loaded } }) {
    if (context.kind === 'report')
      return { result: { ...previous, report: writeFindings(previous.findings) } };
    if (loaded === undefined || loaded.rows.length === 0)
      throw new NonRetryableError(`'${instruction}' has no rows to look at`);
    const findings = [...previous.findings, analyzeTable(instruction, loaded)];
    return { result: { ...previous, findings } };
  },
});
