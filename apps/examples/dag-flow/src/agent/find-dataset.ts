import type { Dataset } from './catalog.ts';
import type { ToolParams } from './plan.ts';
import { words } from './words.ts';

const READABLE: ReadonlySet<string> = new Set(['csv', 'json']);
const NUMERIC: ReadonlySet<string> = new Set(['integer', 'number']);

/**
 * The data set with a column of numbers that is called what the topic is called. Of several, the one whose description
 * has the most words of the topic, then the first of the catalogue.
 */
export const findDataset = (
  catalog: readonly Dataset[],
  topic: readonly string[],
): ToolParams | undefined => {
  const found = catalog.flatMap((one) => {
    const candidate = paramsFor(one, topic);
    return candidate === undefined ? [] : [{ candidate, score: hits(one.description, topic) }];
  });
  return found.toSorted((a, b) => b.score - a.score)[0]?.candidate;
};

const hits = (text: string, topic: readonly string[]): number => {
  const present = words(text);
  return topic.filter((word) => present.includes(word)).length;
};

const paramsFor = (
  { path, format, schema }: Dataset,
  topic: readonly string[],
): ToolParams | undefined => {
  const fields = schema?.fields ?? [];
  const measure = fields.find(({ name, type }) => NUMERIC.has(type) && hits(name, topic) > 0);
  const labels = fields.filter(({ type }) => type === 'string').map(({ name }) => name);
  return measure === undefined || labels.length === 0 || !READABLE.has(format)
    ? undefined
    : { tool: 'load_dataset', dataset: path, measure: measure.name, labels };
};
