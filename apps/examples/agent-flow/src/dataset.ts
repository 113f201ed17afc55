import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { parse } from 'csv-parse/sync';

export type Row = Readonly<Record<string, unknown>>;

const require = createRequire(import.meta.url);
/** The package exports its index only; its files lie beside it. */
const folder = join(dirname(dirname(require.resolve('vega-datasets'))), 'data');

/** The names of every table that vega-datasets ships as text. */
export const datasetNames = async (): Promise<string[]> =>
  (await readdir(folder)).filter((name) => /\.(csv|json)$/.test(name)).toSorted();

/** The rows of a dataset. @throws Error when it is no table */
export const readRows = async (name: string): Promise<readonly Row[]> => {
  if (!(await datasetNames()).includes(name)) throw new Error(`there is no dataset '${name}'`);
  const text = await readFile(join(folder, name), 'utf8');
  if (name.endsWith('.csv')) return parse(text, { columns: true, cast: true, bom: true });
  const value = JSON.parse(text) as unknown;
  if (Array.isArray(value) && value.every((row) => typeof row === 'object' && row !== null))
    return value as Row[];
  throw new Error(`'${name}' is no table: it is not a list of rows`);
};
