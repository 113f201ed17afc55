import { defineAction } from '@dagger/core';
import { z } from 'zod';
import { describeFaults, requireColumns, requireQuality } from '../data/refuse.ts';
import { rawRows } from '../data/table.ts';
import { weatherDay } from './day.ts';
import { judge } from './judge.ts';
import { quality } from './quality.ts';
import { COLUMNS } from './raw-day.ts';

export const validateWeather = defineAction({
  name: 'validate_weather',
  description: 'Checks every row; refuses the file when too many are invalid',
  input: z.object({
    columns: z.array(z.string()),
    raw_data: rawRows,
    tolerance: z.number().min(0).max(1),
  }),
  output: z.object({ valid_data: z.array(weatherDay), quality }),
  execute(ctx) {
    const { columns, raw_data: rows, tolerance } = ctx.inputs;
    requireColumns(columns, COLUMNS);
    const found = judge(rows, (index) => {
      if (index > 0 && index % 1_000 === 0)
        ctx.progress(index / rows.length, `${index} rows checked`);
    });
    requireQuality(found.quality, tolerance);
    if (found.quality.invalid > 0) ctx.log.warn(describeFaults(found.quality));
    ctx.log.info(`${found.days.length} of ${rows.length} rows are valid`);
    return { valid_data: found.days, quality: found.quality };
  },
});
