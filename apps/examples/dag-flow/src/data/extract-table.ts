import { defineAction } from '@dagger/core';
import { z } from 'zod';
import { readCsv } from './read-csv.ts';
import { rawRows } from './table.ts';

export const extractTable = defineAction({
  name: 'extract_table',
  description: 'Reads a CSV file into rows of texts',
  input: z.object({ source: z.string().min(1) }),
  output: z.object({ columns: z.array(z.string()), rows: rawRows }),
  async execute(ctx) {
    const { inputs, signal, log } = ctx;
    const { columns, rows } = await readCsv(inputs.source, {
      signal,
      onProgress: (fraction, count) => ctx.progress(fraction, `${count} rows`),
    });
    log.info(`${rows.length} rows of ${columns.length} columns from ${inputs.source}`);
    return { columns: [...columns], rows: [...rows] };
  },
});
