import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { datasetsPackage } from '../data/source.ts';

const dataset = z.object({
  path: z.string(),
  format: z.string(),
  description: z.string().default(''),
  schema: z
    .object({ fields: z.array(z.object({ name: z.string(), type: z.string().default('any') })) })
    .optional(),
});

export type Dataset = z.infer<typeof dataset>;

const catalog = z.object({ resources: z.array(dataset) });

/** The catalogue that vega-datasets ships: each file with a description and the names of its columns. */
export const readCatalog = async (signal: AbortSignal): Promise<readonly Dataset[]> => {
  const text = await readFile(join(datasetsPackage(), 'datapackage.json'), {
    encoding: 'utf8',
    signal,
  });
  return catalog.parse(JSON.parse(text)).resources;
};
