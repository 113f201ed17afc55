import { defineAction } from '@dagger/core';
import { z } from 'zod';
import { readCsv } from '../data/read-csv.ts';
import { describeFaults, requireColumns, requireQuality } from '../data/refuse.ts';
import { sift } from '../data/sift.ts';
import { claim, CLAIM_COLUMNS, rawClaim } from './claim.ts';

const TOLERANCE = 0.01;

export const validateData = defineAction({
  name: 'validate_data',
  description:
    'Reads customer data and keeps the valid claims; refuses a file with too many others',
  input: z.object({ raw_data: z.string().min(1).describe('dataset:<file>, or a path') }),
  output: z.object({ valid_data: z.array(claim) }),
  async execute(ctx) {
    const { columns, rows } = await readCsv(ctx.inputs.raw_data, {
      signal: ctx.signal,
      onProgress: (fraction, count) => ctx.progress(fraction, `${count} rows`),
    });
    requireColumns(columns, CLAIM_COLUMNS);
    const { kept, faults } = sift(rows, rawClaim);
    requireQuality(faults, TOLERANCE);
    if (faults.invalid > 0) ctx.log.warn(describeFaults(faults));
    ctx.log.info(`${kept.length} of ${rows.length} claims are valid`);
    return { valid_data: kept };
  },
});
