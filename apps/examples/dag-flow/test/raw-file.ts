import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const packageFile = createRequire(import.meta.url).resolve('vega-datasets');

/** A file of vega-datasets, read without any code of the example. */
export const rawFile = (name: string): string =>
  readFileSync(join(packageFile, '..', '..', 'data', name), 'utf8');

/** The rows of a CSV file that has no quotes. */
export const rawRows = (name: string): string[][] =>
  rawFile(name)
    .trim()
    .split(/\r?\n/)
    .slice(1)
    .map((line) => line.split(','));
