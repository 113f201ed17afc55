import { readFile } from 'node:fs/promises';
import { defineAction } from '@dagger/core';
import { z } from 'zod';
import { readCsv } from '../data/read-csv.ts';
import { sourcePath } from '../data/source.ts';
import { toolParams, type ToolParams } from './plan.ts';

/** Rows that have a value of the measure, with their labels. */
export const table = z.object({
  dataset: z.string(),
  measure: z.string(),
  labels: z.array(z.string()),
  rows: z.array(z.object({ value: z.number(), labels: z.array(z.string().nullable()) })),
});

export type Table = z.infer<typeof table>;

export const invokeTool = defineAction({
  name: 'invoke_tool',
  description: 'Loads the columns of a data set that a step asks for',
  input: toolParams,
  output: z.object({ result: table }),
  async execute({ inputs, signal, log }) {
    const records = await readRecords(inputs.dataset, signal);
    const rows = records.flatMap((record) => rowOf(record, inputs));
    log.info(`${rows.length} of ${records.length} rows have ${inputs.measure}`);
    const { dataset, measure, labels } = inputs;
    return { result: { dataset, measure, labels, rows } };
  },
});

type DataRecord = Readonly<Record<string, unknown>>;

const readRecords = async (file: string, signal: AbortSignal): Promise<readonly DataRecord[]> => {
  const source = `dataset:${file}`;
  if (file.endsWith('.csv'))
    return (await readCsv(source, { signal })).rows.map(({ values }) => values);
  const text = await readFile(sourcePath(source), { encoding: 'utf8', signal });
  return z.array(z.record(z.string(), z.unknown())).parse(JSON.parse(text));
};

const rowOf = (record: DataRecord, { measure, labels }: ToolParams): Table['rows'] => {
  const raw = record[measure];
  const value = raw === null || raw === undefined || raw === '' ? Number.NaN : Number(raw);
  return Number.isFinite(value)
    ? [{ value, labels: labels.map((name) => label(record[name])) }]
    : [];
};

const label = (value: unknown): string | null =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : null;
