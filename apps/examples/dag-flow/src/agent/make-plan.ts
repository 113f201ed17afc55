import { NonRetryableError } from '@dagger/core';
import type { Dataset } from './catalog.ts';
import { findDataset } from './find-dataset.ts';
import type { Step } from './plan.ts';
import { words } from './words.ts';

const ANALYZE: ReadonlySet<string> = new Set(['analyze', 'analyse', 'examine', 'explore', 'study']);
const REPORT: ReadonlySet<string> = new Set(['create', 'write', 'generate', 'make', 'report']);
const NO_TOPIC: ReadonlySet<string> = new Set([
  'a',
  'an',
  'the',
  'data',
  'of',
  'for',
  'all',
  'our',
]);

/**
 * A planner by rules, so that the example needs no model: each clause of the task is a step, its first word says which
 * kind, and its other words say what about.
 */
export const makePlan = (task: string, catalog: readonly Dataset[]): Step[] =>
  task
    .split(/\band then\b|\bthen\b|\band\b|[,;.]/i)
    .map((clause) => clause.trim())
    .filter((clause) => clause !== '')
    .map((clause) => planStep(clause, catalog));

const planStep = (instruction: string, catalog: readonly Dataset[]): Step => {
  const [verb = '', ...rest] = words(instruction);
  if (REPORT.has(verb))
    return { instruction, context: { kind: 'report' }, requires_tool: false, tool_params: null };
  if (!ANALYZE.has(verb))
    throw new NonRetryableError(
      `no step is known for '${instruction}'; a step begins with ${[...ANALYZE, ...REPORT].join(', ')}`,
    );
  const topic = rest.filter((word) => !NO_TOPIC.has(word));
  const params = findDataset(catalog, topic);
  if (params === undefined)
    throw new NonRetryableError(`no data set has a column of numbers about '${topic.join(' ')}'`);
  return { instruction, context: { kind: 'analyze' }, requires_tool: true, tool_params: params };
};
