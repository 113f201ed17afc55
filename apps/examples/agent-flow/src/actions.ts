import { defineAction, NonRetryableError, type AnyAction } from '@dagger/core';
import { max, mean, median, min } from 'simple-statistics';
import { z } from 'zod';
import { datasetNames, readRows, type Row } from './dataset.ts';

const rowsOf = async (dataset: string): Promise<readonly Row[]> => {
  try {
    return await readRows(dataset);
  } catch (cause) {
    throw new NonRetryableError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
};

const round = (value: number): number => Math.round(value * 1000) / 1000;
const column = z.object({ dataset: z.string(), column: z.string() });

const findDatasets = defineAction({
  name: 'find_datasets',
  description: 'Finds the datasets whose names hold one of the words.',
  input: z.object({ words: z.array(z.string()) }),
  output: z.object({ datasets: z.array(z.string()) }),
  async execute({ inputs: { words } }) {
    const names = await datasetNames();
    return { datasets: names.filter((name) => words.some((word) => name.includes(word))) };
  },
});

const inspectDataset = defineAction({
  name: 'inspect_dataset',
  description: 'Counts the rows of a dataset and tells its columns of numbers and of texts.',
  input: z.object({ dataset: z.string() }),
  output: z.object({
    dataset: z.string(),
    rows: z.number(),
    numbers: z.array(z.string()),
    texts: z.array(z.string()),
  }),
  async execute({ inputs: { dataset } }) {
    const rows = await rowsOf(dataset);
    const of = (type: string): string[] =>
      Object.keys(rows[0] ?? {}).filter((name) =>
        rows.every((row) => typeof row[name] === type || row[name] === null || row[name] === ''),
      );
    return { dataset, rows: rows.length, numbers: of('number'), texts: of('string') };
  },
});

const summarizeNumbers = defineAction({
  name: 'summarize_numbers',
  description: 'The least, the greatest, the mean and the median of a column of numbers.',
  input: column,
  async execute({ inputs }) {
    const rows = await rowsOf(inputs.dataset);
    const values = rows.map((row) => row[inputs.column]).filter((v) => typeof v === 'number');
    if (values.length === 0) throw new NonRetryableError(`'${inputs.column}' holds no numbers`);
    return {
      ...inputs,
      count: values.length,
      least: min(values),
      greatest: max(values),
      mean: round(mean(values)),
      median: round(median(values)),
    };
  },
});

const countValues = defineAction({
  name: 'count_values',
  description: 'How many different texts a column holds, and the most frequent ones.',
  input: column,
  async execute({ inputs }) {
    const counts = new Map<string, number>();
    for (const row of await rowsOf(inputs.dataset)) {
      const value = row[inputs.column];
      if (typeof value === 'string') counts.set(value, (counts.get(value) ?? 0) + 1);
    }
    const frequent = [...counts]
      .toSorted(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))
      .slice(0, 3)
      .map(([value, count]) => ({ value, count }));
    return { ...inputs, different: counts.size, frequent };
  },
});

/** What the instruction `retrieve_info` runs: looks at the first rows of a dataset. */
const infoRetrieval = defineAction({
  name: 'info_retrieval',
  description: 'The first rows of a dataset, as they are.',
  input: z.object({ dataset: z.string() }),
  async execute({ inputs: { dataset } }) {
    const head = (await rowsOf(dataset)).slice(0, 3);
    return { dataset, head: JSON.parse(JSON.stringify(head)) as [] };
  },
});

/** What the planner may plan. */
export const actions: readonly AnyAction[] = [
  findDatasets,
  inspectDataset,
  summarizeNumbers,
  countValues,
  infoRetrieval,
];
