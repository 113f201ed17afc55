import { defineTaskAgent, type TaskContext } from '@dagger/tasks';
import { z } from 'zod';
import { termsOf } from '../library/terms.ts';
import { finding, type Finding } from '../thinking/report.ts';
import { dataGatherer } from './data-gatherer.ts';
import { deskOf } from './desk.ts';
import { LACKS, type Lack } from './lack.ts';

const FINDINGS = 24;

/**
 * It runs three times. The first time it asks for what fits the question, and stops; when that is there it runs again from its
 * beginning, sees what else to look for and asks for that; the third time it has everything. Nothing is held meanwhile,
 * neither a slot nor a process.
 */
export const researchAgent = defineTaskAgent({
  name: 'research_agent',
  description: 'Answers a question by passages of the library, and looks for what belongs to them.',
  input: z.object({ question: z.string() }),
  output: z.object({ question: z.string(), findings: z.array(finding), runs: z.number() }),
  async execute(ctx) {
    const { question } = ctx.input;
    await mustHaveMaterial(ctx, question);
    const first = await ctx.require({ agent: dataGatherer, input: { query: question } });
    const queries = await followUps(ctx, question, first.findings);
    const further = await ctx.require(
      queries.map((query) => ({ agent: dataGatherer, input: { query } })),
    );
    const findings = best([first, ...further].flatMap((gathered) => gathered.findings));
    return { question, findings, runs: ctx.run };
  },
});

/** Without material it says so and waits for a decision: the job stalls, and its planner is told. */
const mustHaveMaterial = async (ctx: TaskContext<unknown>, question: string): Promise<void> => {
  const { library } = deskOf(ctx);
  const unknown = termsOf(question).filter((term) => library.frequency(term) === 0);
  if (unknown.length === 0) return;
  const lack: Lack = { taskId: ctx.taskId, question, unknown };
  ctx.state.append(LACKS, lack);
  await ctx.block(`the library has no passage about ${unknown.join(', ')}`);
};

/**
 * Thought of once and kept: when the agent runs again it must ask for the same tasks, and a language model might not think the
 * same twice.
 */
const followUps = async (
  ctx: TaskContext<unknown>,
  question: string,
  findings: readonly Finding[],
): Promise<readonly string[]> => {
  const { library, thinking } = deskOf(ctx);
  const key = `follow-ups of ${question}`;
  const known = await ctx.state.get<readonly string[]>(key);
  if (known !== undefined) return known;
  const passages = findings.flatMap(({ passage }) => library.get(passage) ?? []);
  const queries = await thinking.followUps(question, passages);
  ctx.state.set(key, queries);
  return queries;
};

/** Each passage once, with what it was found for best. */
const best = (findings: readonly Finding[]): Finding[] => {
  const byPassage = new Map<string, Finding>();
  for (const each of findings) {
    const known = byPassage.get(each.passage);
    if (known === undefined || known.score < each.score) byPassage.set(each.passage, each);
  }
  return [...byPassage.values()]
    .toSorted((a, b) => b.score - a.score || (a.passage < b.passage ? -1 : 1))
    .slice(0, FINDINGS);
};
