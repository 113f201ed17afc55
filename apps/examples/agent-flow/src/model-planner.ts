import type { Plan, PlanContext, ToolSchema } from '@dagger/core';

export interface ModelOptions {
  readonly key: string;
  /** The base of an interface with `/chat/completions`. Default: that of OpenAI. */
  readonly url?: string;
  readonly model?: string;
}

interface Completion {
  readonly choices: readonly { readonly message: { readonly content: string } }[];
  readonly usage?: { readonly total_tokens?: number };
}

const RULES = `You plan the work on a task, step by step, as a graph of actions. Answer with one JSON object:
{"nodes": [{"id": "...", "action": "...", "inputs": {...}, "deps": ["..."]}]} for what is to be done next (inputs are
literal; deps are ids of nodes whose end to wait for, and may be left out), or
{"done": true, "outputs": {"report": "..."}} when the results answer the task. Ids must be new in every answer.`;

/** A planner that asks a language model. What it answers is checked by the supervisor, which tells it of its mistakes. */
export const modelPlanner =
  (tools: readonly ToolSchema[], { key, url, model }: ModelOptions) =>
  async (ctx: PlanContext): Promise<Plan> => {
    const { task, iteration, results, failures, problems, answer } = ctx;
    const response = await fetch(`${url ?? 'https://api.openai.com/v1'}/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
      body: JSON.stringify({
        model: model ?? 'gpt-5-mini',
        response_format: { type: 'json_object' },
        messages: [
          { role: 'system', content: `${RULES}\nThe actions: ${JSON.stringify(tools)}` },
          {
            role: 'user',
            content: JSON.stringify({ task, iteration, results, failures, problems, answer }),
          },
        ],
      }),
      signal: ctx.signal,
    });
    if (!response.ok) throw new Error(`the model answered ${response.status}`);
    const { choices, usage } = (await response.json()) as Completion;
    ctx.useTokens(usage?.total_tokens ?? 0);
    const content = choices[0]?.message.content ?? '';
    try {
      return JSON.parse(content) as Plan;
    } catch {
      // What is no JSON is a plan that does not fit, and the model is told so.
      return content as Plan;
    }
  };
