import { z } from 'zod';

/** What a tool is asked; so far there is one tool. */
export const toolParams = z.object({
  tool: z.literal('load_dataset'),
  dataset: z.string(),
  /** The column of numbers that the question is about. */
  measure: z.string(),
  /** Columns of words to tell and to group rows by; the first names a row. */
  labels: z.array(z.string()).min(1),
});

export const stepContext = z.object({ kind: z.enum(['analyze', 'report']) });

export const step = z.object({
  instruction: z.string(),
  context: stepContext,
  requires_tool: z.boolean(),
  tool_params: toolParams.nullable(),
});

export const steps = z.array(step).min(1);

export type ToolParams = z.infer<typeof toolParams>;
export type Step = z.infer<typeof step>;
