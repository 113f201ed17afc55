import { mean, median, sum } from 'simple-statistics';
import { round } from '../data/round.ts';
import type { Finding } from './finding.ts';
import type { Table } from './invoke-tool.ts';

const MOST_HIGHEST = 5;

/** Describes the measure of a table, and adds it up by the label that parts the rows into the fewest groups. */
export const analyzeTable = (instruction: string, table: Table): Finding => {
  const { dataset, measure, rows } = table;
  const values = rows.map((row) => row.value);
  const by = bestGrouping(table);
  const groups = Map.groupBy(rows, (row) => row.labels[by] ?? '(none)');
  return {
    instruction,
    dataset,
    measure,
    rows: rows.length,
    sum: round(sum(values)),
    mean: round(mean(values)),
    median: round(median(values)),
    highest: rows
      .toSorted((a, b) => b.value - a.value)
      .slice(0, MOST_HIGHEST)
      .map(({ value, labels }) => ({ name: labels[0] ?? '(none)', value })),
    grouped_by: table.labels[by] ?? '',
    groups: [...groups]
      .map(([name, own]) => ({
        name,
        rows: own.length,
        sum: round(sum(own.map((row) => row.value))),
      }))
      .toSorted((a, b) => b.sum - a.sum),
  };
};

const bestGrouping = ({ labels, rows }: Table): number => {
  const distinct = labels.map((_, i) => new Set(rows.map((row) => row.labels[i])).size);
  return labels
    .map((_, i) => i)
    .filter((i) => (distinct[i] ?? 0) > 1)
    .reduce((best, i) => ((distinct[i] ?? 0) < (distinct[best] ?? 0) ? i : best), 0);
};
