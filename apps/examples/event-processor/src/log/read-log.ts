import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { JsonObject } from '@dagger/core';

const require = createRequire(import.meta.url);

/** A file of vega-datasets. */
export const dataFile = (name: string): string =>
  join(dirname(dirname(require.resolve('vega-datasets'))), 'data', name);

interface Feed {
  readonly features: readonly { readonly properties: { readonly time: number } }[];
}

/** The records of the log as they are, the earliest first, as they would come in; the file has the latest first. */
export const readLog = async (): Promise<readonly JsonObject[]> => {
  const feed = JSON.parse(await readFile(dataFile('earthquakes.json'), 'utf8')) as Feed;
  return feed.features.toSorted((a, b) => a.properties.time - b.properties.time);
};
