import { defineAction, NonRetryableError } from '@dagger/core';
import { z } from 'zod';
import { readCatalog } from './catalog.ts';
import { makePlan } from './make-plan.ts';
import { steps } from './plan.ts';

export const plannerAgent = defineAction({
  name: 'planner_agent',
  description: 'Turns a task in words into steps, and finds the data that they need',
  input: z.object({ task: z.string().min(1) }),
  output: z.object({ task: z.string(), steps, requires_tools: z.array(z.string()) }),
  async execute({ inputs: { task }, signal, log }) {
    const planned = makePlan(task, await readCatalog(signal));
    if (planned.length === 0) throw new NonRetryableError(`there is nothing to do in '${task}'`);
    for (const { instruction, tool_params } of planned)
      log.info(
        tool_params === null
          ? instruction
          : `${instruction}: ${tool_params.measure} of ${tool_params.dataset}`,
      );
    const tools = planned.flatMap(({ tool_params }) => tool_params?.tool ?? []);
    return { task, steps: planned, requires_tools: [...new Set(tools)] };
  },
});
