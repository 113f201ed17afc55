import type { JsonObject, Plan, PlanContext } from '@dagger/core';

const MOST_DATASETS = 3;
const MOST_COLUMNS = 3;

/** The words of a task that may name a dataset, also without the s of their plural. */
const wordsOf = (task: string): string[] => {
  const words = task.toLowerCase().match(/[a-z]{4,}/g) ?? [];
  return [
    ...new Set(words.flatMap((word) => (word.endsWith('s') ? [word, word.slice(0, -1)] : [word]))),
  ];
};

const resultsOf = (ctx: PlanContext, key: string): JsonObject[] =>
  Object.values(ctx.results).filter((outputs) => key in outputs);

const textsIn = (value: unknown): string[] => value as string[];

/** A planner of plain rules: find, inspect, then look into the columns that were found; it needs no network. */
export const rulePlanner = (ctx: PlanContext): Plan => {
  if (ctx.iteration === 1)
    return {
      nodes: [{ id: 'find', action: 'find_datasets', inputs: { words: wordsOf(ctx.task) } }],
    };
  const found = textsIn(ctx.results['find']?.['datasets'] ?? []).slice(0, MOST_DATASETS);
  if (found.length === 0)
    return { done: true, outputs: { report: `No dataset goes with '${ctx.task}'.` } };
  if (ctx.iteration === 2)
    return {
      nodes: found.map((dataset, i) => ({
        id: `inspect_${i + 1}`,
        action: 'inspect_dataset',
        inputs: { dataset },
        tryCount: 1,
      })),
    };
  const tables = resultsOf(ctx, 'rows');
  if (ctx.iteration === 3 && tables.length > 0)
    return {
      nodes: tables.flatMap(({ dataset, numbers, texts }) => [
        ...columns(dataset as string, 'summarize_numbers', textsIn(numbers)),
        ...columns(dataset as string, 'count_values', textsIn(texts)),
      ]),
    };
  return { done: true, outputs: { report: reportOf(ctx, tables) } };
};

const columns = (dataset: string, action: string, names: readonly string[]) =>
  names.slice(0, MOST_COLUMNS).map((column) => ({ action, inputs: { dataset, column } }));

const reportOf = (ctx: PlanContext, tables: readonly JsonObject[]): string => {
  const lines = [`# ${ctx.task}`];
  for (const { dataset, rows } of tables) {
    lines.push('', `## ${dataset as string}: ${rows as number} rows`, '');
    for (const of of resultsOf(ctx, 'column').filter((result) => result['dataset'] === dataset))
      lines.push(`- ${describe(of)}`);
  }
  return lines.join('\n');
};

const describe = (of: JsonObject): string =>
  'mean' in of
    ? `${of['column'] as string}: ${of['least'] as number} to ${of['greatest'] as number}, mean ${of['mean'] as number}`
    : `${of['column'] as string}: ${of['different'] as number} different, most often ${(
        of['frequent'] as readonly { value: string; count: number }[]
      )
        .map(({ value, count }) => `${value} (${count})`)
        .join(', ')}`;
